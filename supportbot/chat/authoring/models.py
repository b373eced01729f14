"""What the assistant proposes for the help centre and a person decides on. Knows no use case."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone

from supportbot.knowledge.models import Article
from supportbot.workspaces.models import User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

TITLE_LIMIT = 200
REASON_LIMIT = 300


class ArticleDraft(models.Model):
    """A new article, or a change of one, with what each sentence rests on.

    Its words are agents' and articles', without what belongs to one customer, so that it may outlive them.
    """

    class Origin(models.TextChoices):
        GAP = "gap", "content gap"
        CONVERSATION = "conversation", "resolved conversation"
        RATING = "rating", "low ratings"
        CORRECTION = "correction", "correction of the bot"
        CONTRADICTION = "contradiction", "contradicts a newer article"

    class State(models.TextChoices):
        WRITING = "writing", "being written"
        WAITING = "waiting", "waits for review"
        EMPTY = "empty", "nothing to write from"
        FAILED = "failed", "could not be written"
        APPROVED = "approved", "published"
        REJECTED = "rejected"

    OPEN: ClassVar = (State.WRITING, State.WAITING)
    DOUBTS: ClassVar = (Origin.RATING, Origin.CORRECTION, Origin.CONTRADICTION)

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="article_drafts")
    origin = models.CharField(max_length=13, choices=Origin)
    key = models.CharField(max_length=100, help_text="What it was made of, so that the same is proposed once")
    state = models.CharField(max_length=8, choices=State, default=State.WRITING)
    asked = models.JSONField(default=list, help_text="Ids of the customers' messages that it is to answer")
    article = models.ForeignKey(
        Article, models.CASCADE, null=True, blank=True, related_name="+", help_text="That it changes; empty: a new one"
    )
    before = models.TextField(blank=True, help_text="The article's text when the change was proposed")
    title = models.CharField(max_length=TITLE_LIMIT, blank=True)
    body = models.TextField(blank=True)
    proposed = models.TextField(blank=True, help_text="The text as it was written first")
    language = models.CharField(max_length=2, default="en")
    category = models.CharField(max_length=40, blank=True)
    lines = models.JSONField(default=list, help_text="Each sentence with its sources and what was said otherwise")
    near = models.JSONField(default=list, help_text="Articles that may say it already: id and nearness")
    evidence = models.JSONField(default=dict, help_text="Why an article may be wrong")
    writer = models.CharField(max_length=40, blank=True, help_text="The model that wrote it; empty: agents' sentences")
    distance = models.FloatField(null=True, blank=True, help_text="Share of its words that the reviewer changed")
    requested_by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    reviewer = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=REASON_LIMIT, blank=True, help_text="Why it was rejected")
    published = models.ForeignKey(Article, models.SET_NULL, null=True, blank=True, related_name="+")
    attempts = models.PositiveSmallIntegerField(default=0)
    queued_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = ScopedQuerySet["ArticleDraft"].as_manager()

    class Meta:
        ordering: ClassVar = ["-created_at"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["workspace", "key"],
                condition=Q(state__in=("writing", "waiting")),
                name="one_open_article_draft_per_key",
            )
        ]
        indexes: ClassVar[Any] = [
            models.Index(fields=["workspace", "state"], name="article_drafts_by_state"),
            models.Index(fields=["queued_at"], condition=Q(state="writing"), name="article_drafts_to_write"),
        ]

    def __str__(self) -> str:
        return self.title or self.get_state_display()

    @property
    def is_doubt(self) -> bool:
        """Whether it says that an article may be wrong."""
        return self.origin in self.DOUBTS

    @property
    def changes(self) -> bool:
        """Whether it proposes other words than stand there."""
        return self.article is None or self.body.strip() != self.article.body.strip()
