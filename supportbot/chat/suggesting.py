"""Adds the suggestions to the summary of a conversation that was handed off. Is given what embeds and reads texts."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from supportbot.chat import handover, transcript
from supportbot.chat.models import Conversation
from supportbot.chat.quoting import Find
from supportbot.knowledge.retrieval import Embed


def complete_summary(conversation_id: UUID, embed: Embed, find: Find) -> None:
    """Find them outside the lock, then save and publish; a conversation that is no longer with people is left alone."""
    rows = Conversation.objects.select_related("workspace", "contact")
    conversation = rows.filter(id=conversation_id, status=Conversation.Status.OPEN).first()
    if conversation is None:
        return
    found = handover.suggestions(conversation, embed, find)
    with transaction.atomic():
        conversation = transcript.locked(conversation_id)
        conversation.summary = {**conversation.summary, **found}
        transcript.save(conversation)
