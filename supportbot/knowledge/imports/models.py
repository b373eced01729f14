"""What was brought in from files or a web site, item by item, so that it can be told, repeated and taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from django.db import models
from django.db.models import Count

from supportbot.workspaces.models import User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet


class Import(models.Model):
    """One import with its progress; a web site's may come again by itself."""

    class Kind(models.TextChoices):
        FILES = "files"
        SITE = "site", "web site"

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"
        UNDONE = "undone"

    class Refresh(models.TextChoices):
        NEVER = "never"
        DAILY = "daily"
        WEEKLY = "weekly"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="imports")
    kind = models.CharField(max_length=10, choices=Kind, editable=False)
    address = models.URLField("web address", max_length=500, blank=True, help_text="A sitemap or the page to start at")
    language = models.CharField(max_length=2, default="en", help_text="Of texts that do not say theirs")
    audience = models.CharField(
        max_length=10, choices=[("public", "Public"), ("agents", "Agents only")], default="public"
    )
    publish = models.BooleanField(default=True, help_text="Publish at once; else everything comes as a draft")
    refresh = models.CharField(max_length=10, choices=Refresh, default=Refresh.NEVER, help_text="A web site only")
    state = models.CharField(max_length=10, choices=State, default=State.WAITING, editable=False)
    done = models.PositiveIntegerField(default=0, editable=False)
    total = models.PositiveIntegerField(default=0, editable=False)
    message = models.CharField(max_length=500, blank=True, editable=False, help_text="Why it failed or stopped early")
    started_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    claimed_until = models.DateTimeField(null=True, editable=False, help_text="A worker is at it until then")
    finished_at = models.DateTimeField(null=True, editable=False)
    next_run_at = models.DateTimeField(null=True, editable=False, db_index=True)

    objects = ScopedQuerySet["Import"].as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.address or f"files of {self.created_at:%d %B %Y, %H:%M}"

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.state not in (self.State.WAITING, self.State.RUNNING)

    def counts(self) -> Mapping[str, int]:
        """How many items had which outcome."""
        rows = self.items.order_by().values_list("outcome").annotate(Count("id"))
        return {outcome: count for outcome, count in rows}


class ImportedFile(models.Model):
    """An uploaded file until it is read; in the database, for the worker may be another machine."""

    import_run = models.ForeignKey(Import, models.CASCADE, related_name="files")
    name = models.CharField(max_length=300)
    content = models.BinaryField()

    workspace_path: ClassVar[str] = "import_run__workspace"
    objects = ScopedQuerySet["ImportedFile"].as_manager()

    def __str__(self) -> str:
        return self.name


class ImportItem(models.Model):
    """One text that an import met, and what became of it."""

    class Outcome(models.TextChoices):
        ADDED = "added"
        UPDATED = "updated"
        UNCHANGED = "unchanged"
        SKIPPED = "skipped"

    import_run = models.ForeignKey(Import, models.CASCADE, related_name="items")
    source = models.CharField(max_length=500)
    title = models.CharField(max_length=200, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome)
    reason = models.CharField(max_length=300, blank=True)
    article = models.ForeignKey("Article", models.SET_NULL, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=0, help_text="The article's version that it wrote")
    before = models.JSONField(null=True, help_text="What an updated article was")

    workspace_path: ClassVar[str] = "import_run__workspace"
    objects = ScopedQuerySet["ImportItem"].as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.source}: {self.outcome}"
