"""What a workspace and its agents define to keep their inbox in order: labels and saved filters."""

from __future__ import annotations

from django.db import models

from supportbot.workspaces.models import Workspace
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
