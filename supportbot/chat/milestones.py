"""What happens to a conversation as a whole, with its time: the row keeps only how things stand now.

Whoever calls `note` is in a transaction and holds the conversation's lock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.db import models, transaction
from django.utils import timezone

from supportbot.telemetry import metrics
from supportbot.workspaces.models import User
from supportbot.workspaces.scoping import ScopedQuerySet

if TYPE_CHECKING:
    from supportbot.chat.models import Conversation


BY_RULE = "rule"  # detail of what no person has resolved


class Milestone(models.Model):
    """One step of a conversation from the assistant to people and to its end."""

    class Kind(models.TextChoices):
        HANDED_OFF = "handed_off", "given to people"
        RELEASED = "released", "given back to the assistant"
        CONFIRMED = "confirmed", "the customer said that the assistant's answer helped"
        RESOLVED = "resolved", "resolved by an agent"
        KEPT = "kept", "an SLA clock ended in time"
        MISSED = "missed", "an SLA clock ran out"

    workspace_path: ClassVar[str] = "conversation__workspace"

    conversation = models.ForeignKey("chat.Conversation", models.CASCADE, related_name="milestones")
    kind = models.CharField(max_length=10, choices=Kind)
    detail = models.CharField(max_length=40, blank=True, help_text="Why it was handed off; which clock it was")
    after = models.PositiveIntegerField(help_text="Sequence number of the message that was last by then")
    at = models.DateTimeField(default=timezone.now)
    user = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = ScopedQuerySet["Milestone"].as_manager()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.detail}".strip()


def note(conversation: Conversation, kind: Milestone.Kind, detail: str = "", user: User | None = None) -> None:
    """Write down that the conversation has come this far."""
    Milestone.objects.create(
        conversation=conversation, kind=kind, detail=detail, after=conversation.last_seq, user=user
    )
    if kind == Milestone.Kind.HANDED_OFF:
        transaction.on_commit(metrics.HAND_OVERS.labels(detail).inc)
