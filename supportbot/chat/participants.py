"""Who follows a conversation, by choice or since a colleague mentioned them: they hear what its customer writes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from uuid import UUID

from django.db import transaction

from supportbot.chat import events, transcript
from supportbot.chat.models import Conversation, Message, Participant
from supportbot.workspaces.models import User


@transaction.atomic
def follow(*, conversation_id: UUID, agent: User, on: bool) -> None:
    """Hear of what the customer writes there, or no longer."""
    conversation = transcript.locked(conversation_id)
    if on:
        _, is_changed = Participant.objects.get_or_create(conversation=conversation, user=agent)
    else:
        is_changed = bool(Participant.objects.filter(conversation=conversation, user=agent).delete()[0])
    if is_changed:
        transcript.save_among_agents(conversation)


def add(conversation: Conversation, people: Iterable[User]) -> None:
    """They follow it from now on; under its lock, and the conversation still has to be saved."""
    rows = [Participant(conversation=conversation, user=person) for person in people]
    Participant.objects.bulk_create(rows, ignore_conflicts=True)


def tell(conversation: Conversation, message: Message) -> None:
    """Tell who follows, and still works there, of what the customer wrote, on commit; spam is nobody's news."""
    if conversation.is_spam:
        return
    users = conversation.workspace.members.filter(user__is_active=True).values("user")
    ids = list(conversation.participants.filter(user__in=users).values_list("user", flat=True))
    frame = events.followed_frame(message, str(conversation.contact))
    for user_id in ids:
        group = events.agent_group(conversation.workspace_id, user_id)
        transaction.on_commit(partial(events.publish, group, frame))
