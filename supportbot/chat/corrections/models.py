"""What agents say that the bot should have done, and what becomes of their opinion. Knows no use case."""

from __future__ import annotations

import re
from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models

from supportbot.chat.composing import BODY_LIMIT
from supportbot.knowledge.models import Article
from supportbot.workspaces.models import User
from supportbot.workspaces.scoping import ScopedQuerySet

NOTE_LIMIT = 500
CATEGORY = re.compile(r"[a-z][a-z0-9_]*\Z")


class Correction(models.Model):
    """A better reply, another category or another act for one of the bot's replies: the latest word on it.

    Once an administrator has approved it, training and evaluation read it. It goes with the message.
    """

    class Act(models.TextChoices):
        ANSWER = "answer", "answered"
        ASK = "ask", "asked back"
        REFUSE = "refuse", "refused politely"
        HAND_OFF = "hand_off", "handed off to people"

    class State(models.TextChoices):
        WAITING = "waiting", "waits for review"
        APPROVED = "approved"
        REJECTED = "rejected"

    FACTS_LIMIT: ClassVar[int] = 500
    workspace_path: ClassVar[str] = "message__conversation__workspace"

    message = models.OneToOneField(
        "chat.Message", models.CASCADE, related_name="correction", help_text="What the bot said"
    )
    act = models.CharField("the bot should have", max_length=10, choices=Act)
    category = models.CharField(
        max_length=40, validators=[RegexValidator(CATEGORY, "A category is a name of small letters, digits and _.")]
    )
    reply = models.TextField(
        "right reply",
        max_length=BODY_LIMIT,
        help_text="Training reads it as it stands; write a fact that changes as a slot, as {{order_state}}",
    )
    facts = models.CharField(
        max_length=FACTS_LIMIT,
        blank=True,
        help_text="What a right answer holds, parted by semicolons, other wordings by a bar: 30 days | a month; free",
    )
    article = models.ForeignKey(
        Article, models.SET_NULL, null=True, blank=True, related_name="+", help_text="That answers the question"
    )
    note = models.CharField(max_length=NOTE_LIMIT, blank=True, help_text="From the agent, for whoever reviews it")
    author = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name="corrected by")
    state = models.CharField(max_length=8, choices=State, default=State.WAITING, db_index=True)
    reviewer = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ScopedQuerySet["Correction"].as_manager()

    class Meta:
        ordering = ["-updated_at"]
        indexes = [models.Index(fields=["created_at"], name="corrections_by_time")]

    def __str__(self) -> str:
        return f"{self.category}: {self.reply[:60]}"

    def clean(self) -> None:
        """Its article is of the workspace."""
        if self.article and self.article.workspace_id != self.message.conversation.workspace_id:
            raise ValidationError({"article": "Choose an article of this workspace."})

    @property
    def question(self) -> str:
        """What the customer wrote."""
        return self.message.generation.in_reply_to.body

    @property
    def intent(self) -> str:
        """What the customer wanted, as far as the category leaves it standing."""
        return self.message.intent if self.category == self.message.category else ""
