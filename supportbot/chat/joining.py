"""Rows of who follows a conversation, and of what was one before it became a part of another."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

from django.db import models
from django.db.models import QuerySet

from supportbot.workspaces.models import User, Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

if TYPE_CHECKING:
    from supportbot.chat.models import Conversation


class Participant(models.Model):
    """An agent who follows a conversation: told of what the customer writes, whoever has the turn."""

    workspace_path: ClassVar[str] = "conversation__workspace"

    conversation = models.ForeignKey("chat.Conversation", models.CASCADE, related_name="participants")
    user = models.ForeignKey(User, models.CASCADE, related_name="participations")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["Participant"].as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [models.UniqueConstraint(fields=["conversation", "user"], name="one_participation_per_person")]
        indexes: ClassVar = [models.Index(fields=["user", "conversation"], name="participations_of")]

    def __str__(self) -> str:
        return f"{self.user} in {self.conversation_id}"


class Browser(models.Model):
    """A further browser of a contact: its token was that of another contact, who turned out to be the same person.

    Once the shop vouches for the contact, it opens nothing any more.
    """

    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="browsers")
    token_hash = models.CharField(max_length=64, help_text="SHA-256 of the browser's own token")
    contact = models.ForeignKey("chat.Contact", models.CASCADE, related_name="browsers")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["Browser"].as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["workspace", "token_hash"], name="one_further_browser")]

    def __str__(self) -> str:
        return f"{self.contact} in another browser"


class MergedConversation(models.Model):
    """The id that a conversation had before it was merged, and where its messages are now."""

    workspace_path: ClassVar[str] = "into__workspace"

    id = models.UUIDField(primary_key=True, editable=False)
    into = models.ForeignKey("chat.Conversation", models.CASCADE, related_name="merged")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedQuerySet["MergedConversation"].as_manager()

    def __str__(self) -> str:
        return f"{self.id} is now {self.into_id}"


def current(rows: QuerySet[Conversation], conversation_id: UUID) -> Conversation | None:
    """The one of these with this id; of an id that was merged, what it is now."""
    return rows.filter(id=conversation_id).first() or rows.filter(merged=conversation_id).first()
