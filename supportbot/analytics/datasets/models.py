"""Datasets that a workspace uploads, charts that were saved of them and of conversations, and dashboards of charts.

The rows of a dataset lie in Parquet files (`store.py`); here is what they are.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from supportbot.analytics.datasets.columns import Column
from supportbot.workspaces.models import User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet


class Dataset(models.Model):
    """A table with declared columns; its key says what joins its rows to conversations."""

    class Key(models.TextChoices):
        NONE = "", "nothing"
        ORDER = "order", "order number in the chat"
        EMAIL = "email", "e-mail address of the contact"
        PRODUCT = "product", "product named in the chat"
        DATE = "date", "day of the conversation"

    class OnErasure(models.TextChoices):
        REMOVE = "remove", "its rows are removed"
        MASK = "mask", "personal columns of its rows are emptied"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="datasets")
    name = models.CharField(max_length=60, help_text="What one row is, in the plural: orders, products, releases")
    columns = models.JSONField(default=list, help_text="What each is (`columns.py`)")
    key = models.CharField(max_length=7, choices=Key, blank=True, default=Key.NONE)
    key_column = models.CharField(max_length=4, blank=True, help_text="Of `columns`")
    on_erasure = models.CharField(max_length=6, choices=OnErasure, default=OnErasure.REMOVE)
    is_to_forget = models.BooleanField(default=False, help_text="Somebody was erased since its files were written")
    parts = models.JSONField(default=list, help_text="Names of the Parquet files that hold its rows")
    rows = models.PositiveBigIntegerField(default=0)
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    updated_at = models.DateTimeField(default=timezone.now, help_text="When its rows last changed")

    objects = ScopedQuerySet["Dataset"].as_manager()

    class Meta:
        ordering: ClassVar = ["name", "id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["workspace", "name"], name="one_dataset_per_name"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def described(self) -> list[Column]:
        """Its columns."""
        return [Column.read(one) for one in self.columns]

    @property
    def time_column(self) -> Column | None:
        """The column of whose days a period is: the first of dates."""
        return next((one for one in self.described if one.is_day), None)

    @property
    def is_joined(self) -> bool:
        """Whether its rows belong to conversations."""
        return bool(self.key and self.key_column)


class Upload(models.Model):
    """A file on its way into a dataset, with its progress and what could not be read of it."""

    class Mode(models.TextChoices):
        REPLACE = "replace", "in place of all rows"
        APPEND = "append", "after the rows that are there"

    class State(models.TextChoices):
        DESCRIBED = "described", "to be confirmed"
        WAITING = "waiting"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"

    OPEN: ClassVar = (State.WAITING, State.RUNNING)
    CLAIM: ClassVar = timedelta(seconds=90)

    workspace_path = "dataset__workspace"
    dataset = models.ForeignKey(Dataset, models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=200, help_text="Of the file, where it came from")
    mode = models.CharField(max_length=7, choices=Mode, default=Mode.REPLACE)
    form = models.JSONField(default=dict, help_text="How the file is written: separators, encoding, its columns")
    size = models.PositiveBigIntegerField(default=0, help_text="Bytes")
    state = models.CharField(max_length=9, choices=State, default=State.DESCRIBED)
    percent = models.PositiveSmallIntegerField(default=0)
    rows = models.PositiveBigIntegerField(default=0, help_text="That were taken")
    bad = models.PositiveIntegerField(default=0, help_text="Rows that were not")
    message = models.CharField(max_length=500, blank=True, help_text="Why it failed, or what was left out")
    started_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True, help_text="A worker is at it until then")

    objects = ScopedQuerySet["Upload"].as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_over(self) -> bool:
        """Whether nothing happens to it any more."""
        return self.state in (self.State.DONE, self.State.FAILED)

    @classmethod
    def unclaimed(cls) -> models.QuerySet[Upload]:
        """Those that wait, or whose worker was not heard of any more."""
        free = Q(claimed_until=None) | Q(claimed_until__lt=timezone.now())
        return cls.objects.filter(free, state__in=cls.OPEN)

    def claim(self) -> bool:
        """Whether it is this worker's now; said again, that it goes on."""
        now = timezone.now()
        return bool(type(self).unclaimed().filter(pk=self.pk).update(state="running", claimed_until=now + self.CLAIM))

    def beat(self, percent: float) -> None:
        """It goes on, and is so far."""
        own = type(self).objects.filter(pk=self.pk)
        own.update(percent=min(99, max(0, int(percent))), claimed_until=timezone.now() + self.CLAIM)

    def finish(self, state: str, message: str = "", **values: Any) -> None:
        """It is over."""
        own = {"state": state, "message": message[:500], "finished_at": timezone.now(), "claimed_until": None}
        type(self).objects.filter(pk=self.pk).update(percent=100, **own, **values)


class Forgotten(models.Model):
    """The digest of an e-mail address whose rows were asked to be forgotten, so that no later file brings them back."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["Forgotten"].as_manager()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["workspace", "digest"], name="one_forgotten_digest")]

    def __str__(self) -> str:
        return self.digest[:8]
