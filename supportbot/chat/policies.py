"""What a workspace promises itself: within which time people answer and resolve."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from supportbot.workspaces.models import Team, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

PRIORITIES = [(name, name.capitalize()) for name in ("low", "medium", "high", "urgent")]
LIMIT: dict[str, Any] = {"null": True, "blank": True, "validators": [MinValueValidator(1)]}


class SlaPolicy(models.Model):
    """The times that hold for a team and a priority; of several policies the most specific one counts."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="sla_policies")
    name = models.CharField(max_length=60)
    team = models.ForeignKey(
        Team, models.CASCADE, null=True, blank=True, related_name="+", help_text="Empty is every team, and none"
    )
    priority = models.CharField(max_length=8, choices=PRIORITIES, blank=True, help_text="Empty is every priority")
    first_minutes = models.PositiveIntegerField("first response, minutes", **LIMIT)
    next_minutes = models.PositiveIntegerField("next response, minutes", **LIMIT)
    resolution_minutes = models.PositiveIntegerField("resolution, minutes", **LIMIT)
    in_business_hours = models.BooleanField(
        "count business hours only", default=True, help_text="Without business hours every minute counts"
    )

    objects = ScopedQuerySet["SlaPolicy"].as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name, verbose_name_plural = "SLA policy", "SLA policies"
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "priority"], condition=Q(team=None), name="one_sla_policy_per_priority"
            ),
            models.UniqueConstraint(fields=["team", "priority"], name="one_sla_policy_per_team_and_priority"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """It promises something, and is of one workspace with its team."""
        if not any((self.first_minutes, self.next_minutes, self.resolution_minutes)):
            raise ValidationError("Set at least one of the three times.")
        if self.team and self.team.workspace_id != self.workspace_id:
            raise ValidationError({"team": "The team has to be of the same workspace."})

    @property
    def rank(self) -> tuple[bool, bool]:
        """Higher is more specific: a team counts more than a priority."""
        return self.team_id is not None, bool(self.priority)
