"""The export of a workspace as it is made. Knows no file."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from supportbot.chat.versions.models import JOB_OPEN, JobState
from supportbot.workspaces.models import User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet


class Export(models.Model):
    """All that a workspace has, as an archive that one of its owners asked for; it goes after some days."""

    State = JobState
    OPEN: ClassVar = JOB_OPEN

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="exports")
    asked_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    stage = models.CharField(max_length=80, blank=True, help_text="What is being written")
    total = models.PositiveBigIntegerField(default=0, help_text="Rows that there were when it began")
    done = models.PositiveBigIntegerField(default=0, help_text="Rows that are written")
    parts = models.JSONField(default=dict, help_text="Of each file that is whole: its rows, bytes and SHA-256")
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes of the archive")
    sha256 = models.CharField(max_length=64, blank=True, help_text="Of the archive")
    attempts = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)
    beat_at = models.DateTimeField(default=timezone.now, help_text="When its worker was last heard of")
    expires_at = models.DateTimeField(null=True, help_text="When the archive is deleted")

    objects = ScopedQuerySet["Export"].as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return f"{self.workspace}, {self.created_at:%d %B %Y}"

    @property
    def folder(self) -> str:
        """Where the storage has the files that are written and not yet put together."""
        return f"exports/{self.workspace_id}/{self.pk}"

    @property
    def path(self) -> str:
        """Where the storage has the archive."""
        return f"{self.folder}.zip"

    @property
    def name(self) -> str:
        """What the archive is called for who downloads it."""
        return f"{self.workspace.slug}-{self.created_at:%Y-%m-%d}.zip"

    @property
    def percent(self) -> int:
        """How far it is; the last part is putting it together."""
        return min(99, 95 * self.done // self.total) if self.total else 0

    @property
    def is_ready(self) -> bool:
        """Whether it can be downloaded now."""
        return self.state == JobState.DONE and self.expires_at is not None and self.expires_at > timezone.now()

    @staticmethod
    def days() -> int:
        """How long an archive stays."""
        days: int = settings.EXPORT_DAYS
        return days
