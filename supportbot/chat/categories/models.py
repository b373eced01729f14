"""Categories that a workspace made itself, with the examples from which they are recognised. Knows no use case."""

from __future__ import annotations

from typing import ClassVar

from django.core.validators import RegexValidator
from django.db import models

from supportbot.chat.corrections.models import CATEGORY
from supportbot.workspaces.models import Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

TEXT_LIMIT = 500


class Category(models.Model):
    """What customers write about that the checkpoint has no category for."""

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="own_categories")
    name = models.CharField(
        max_length=40, validators=[RegexValidator(CATEGORY, "A category is a name of small letters, digits and _.")]
    )
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["Category"].as_manager()

    class Meta:
        verbose_name = "own category"
        verbose_name_plural = "own categories"
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "name"],
                name="one_own_category_per_name",
                violation_error_message="The workspace has a category of this name.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class Example(models.Model):
    """A message as customers of the category write it; one that was written by a customer goes with that message."""

    workspace_path: ClassVar[str] = "category__workspace"

    category = models.ForeignKey(Category, models.CASCADE, related_name="examples")
    message = models.ForeignKey("chat.Message", models.CASCADE, null=True, blank=True, editable=False, related_name="+")
    text = models.CharField(max_length=TEXT_LIMIT)

    objects = ScopedQuerySet["Example"].as_manager()

    class Meta:
        ordering: ClassVar = ["id"]

    def __str__(self) -> str:
        return self.text[:60]
