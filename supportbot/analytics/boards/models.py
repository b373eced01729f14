"""Charts that somebody saved of a query, and dashboards that put several beside one another."""

from __future__ import annotations

from typing import ClassVar, Self, TypeVar

from django.db import models
from django.db.models import Q

from supportbot.analytics.datasets.models import Dataset
from supportbot.workspaces.models import User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

M = TypeVar("M", bound=models.Model)


class SharedQuerySet(ScopedQuerySet[M]):
    """Rows of which some are their maker's alone."""

    def visible_to(self, user: User) -> Self:
        """The own ones, the shared ones, and those whose maker is gone."""
        return self.filter(Q(is_shared=True) | Q(created_by=user) | Q(created_by=None))


class Chart(models.Model):
    """A query that was given a name: about a dataset, or without one about conversations."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="charts")
    dataset = models.ForeignKey(Dataset, models.CASCADE, null=True, blank=True, related_name="charts")
    name = models.CharField(max_length=100)
    query = models.JSONField(default=dict, help_text="As it stands in an address")
    is_shared = models.BooleanField(default=True, help_text="With all administrators of the workspace")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SharedQuerySet["Chart"].as_manager()

    class Meta:
        ordering: ClassVar = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Dashboard(models.Model):
    """Charts in an order, each as wide as somebody wants it."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="dashboards")
    name = models.CharField(max_length=100)
    is_shared = models.BooleanField(default=False, help_text="With all administrators of the workspace")
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")

    objects = SharedQuerySet["Dashboard"].as_manager()

    class Meta:
        ordering: ClassVar = ["name", "id"]

    def __str__(self) -> str:
        return self.name


class Tile(models.Model):
    """A chart on a dashboard."""

    class Width(models.TextChoices):
        THIRD = "third", "a third"
        HALF = "half", "half"
        FULL = "full", "the full width"

    workspace_path = "dashboard__workspace"
    dashboard = models.ForeignKey(Dashboard, models.CASCADE, related_name="tiles")
    chart = models.ForeignKey(Chart, models.CASCADE, related_name="tiles")
    position = models.PositiveSmallIntegerField(default=0)
    width = models.CharField(max_length=5, choices=Width, default=Width.HALF)

    objects = ScopedQuerySet["Tile"].as_manager()

    class Meta:
        ordering: ClassVar = ["position", "id"]

    def __str__(self) -> str:
        return str(self.chart)
