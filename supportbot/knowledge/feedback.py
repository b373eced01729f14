"""What readers of the help centre say of an article: whether it helped, and what was missing."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from supportbot.workspaces.scoping import ScopedQuerySet


class ArticleFeedback(models.Model):
    """One reader's verdict on one article; the last one counts."""

    article = models.ForeignKey("knowledge.Article", models.CASCADE, related_name="feedback")
    visitor = models.CharField(max_length=43, editable=False, help_text="The reader's browser, by a random name")
    helpful = models.BooleanField()
    comment = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    workspace_path = "article__workspace"
    objects = ScopedQuerySet["ArticleFeedback"].as_manager()

    class Meta:
        ordering = ["-created_at"]
        verbose_name_plural = "article feedback"
        constraints: ClassVar[Any] = [
            models.UniqueConstraint(fields=["article", "visitor"], name="one_feedback_per_reader")
        ]

    def __str__(self) -> str:
        return f"{'Helped' if self.helpful else 'Did not help'}: {self.article}"
