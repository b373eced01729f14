"""The row of an invitation that is open; `inviting` makes, sends and accepts it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone

from supportbot.workspaces.role import HELP, Role
from supportbot.workspaces.scoping import ScopedQuerySet

LASTS = timedelta(days=7)


class Invitation(models.Model):
    """Somebody is asked to work in a workspace. Once accepted or revoked there is none."""

    workspace = models.ForeignKey("workspaces.Workspace", models.CASCADE, related_name="invitations")
    email = models.EmailField("e-mail address")
    role = models.CharField(max_length=10, choices=Role, default=Role.AGENT, help_text=HELP)
    teams = models.ManyToManyField("workspaces.Team", blank=True, related_name="+")
    invited_by = models.ForeignKey("workspaces.User", models.SET_NULL, null=True, editable=False, related_name="+")
    sent_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ScopedQuerySet["Invitation"].as_manager()

    class Meta:
        ordering = ["-sent_at"]
        constraints = [models.UniqueConstraint(fields=["workspace", "email"], name="one_invitation_per_address")]

    def __str__(self) -> str:
        return self.email

    def save(self, *args: object, **kwargs: object) -> None:
        """Keep one spelling of each address."""
        self.email = self.email.strip().lower()
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @property
    def ends_at(self) -> datetime:
        """Until when its link opens."""
        return self.sent_at + LASTS
