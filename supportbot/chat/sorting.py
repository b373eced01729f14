"""What a workspace and its agents define to keep their inbox in order: labels and saved filters."""

from __future__ import annotations

from django.db import models

from supportbot.workspaces.models import User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet


class Label(models.Model):
    """A word of the workspace's own that conversations carry."""

    class Colour(models.TextChoices):
        GREY = "grey"
        RED = "red"
        ORANGE = "orange"
        YELLOW = "yellow"
        GREEN = "green"
        TEAL = "teal"
        BLUE = "blue"
        PURPLE = "purple"
        PINK = "pink"

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="labels")
    name = models.CharField(max_length=40)
    colour = models.CharField(max_length=10, choices=Colour, default=Colour.GREY)

    objects = ScopedQuerySet["Label"].as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "name"], name="one_label_per_name")]

    def __str__(self) -> str:
        return self.name


class SavedFilter(models.Model):
    """A view of the inbox with its filters, under a name: an agent's own, or for all who work in the workspace."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="saved_filters")
    owner = models.ForeignKey(User, models.CASCADE, related_name="saved_filters")
    name = models.CharField(max_length=60)
    view = models.CharField(max_length=20)
    query = models.CharField(max_length=1000, blank=True, help_text="As in the address of the inbox")
    is_shared = models.BooleanField("shared", default=False)

    objects = ScopedQuerySet["SavedFilter"].as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["workspace", "owner", "name"], name="one_saved_filter_per_name")]

    def __str__(self) -> str:
        return self.name
