"""Private notes: what agents write to each other beside a conversation, and whom they mention there."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from supportbot.chat import events, participants, suggested, transcript
from supportbot.chat.doers import Doer, person
from supportbot.chat.models import Conversation, Mention, Remark
from supportbot.chat.refusals import Refused
from supportbot.workspaces.models import User

MOST_MENTIONS = 20


@transaction.atomic
def post_note(
    *, conversation_id: UUID, agent: Doer, body: str, client_id: UUID, mentions: Collection[int] = ()
) -> Remark:
    """Save a note and tell whom it mentions; a resend gives the first one again. It needs no turn."""
    conversation = transcript.locked(conversation_id)
    if earlier := conversation.remarks.filter(client_id=client_id).first():
        return earlier
    colleagues, body = _members(conversation, mentions), transcript.clean(body)
    note = transcript.remark(conversation, kind=Remark.Kind.NOTE, body=body, user=person(agent), client_id=client_id)
    Mention.objects.bulk_create(Mention(remark=note, conversation=conversation, user=one) for one in colleagues)
    participants.add(conversation, colleagues)
    if author := person(agent):
        suggested.noted(note, author)
    conversation.active_at = note.created_at
    transcript.save_among_agents(conversation)
    for colleague in colleagues:
        transaction.on_commit(partial(events.publish_mention, note, colleague))
    return note


@transaction.atomic
def see_mentions(*, conversation_id: UUID, agent: User) -> None:
    """The agent has seen where colleagues mention them in a conversation."""
    conversation = transcript.locked(conversation_id)
    unseen = Mention.objects.filter(conversation=conversation, user=agent, seen_at=None)
    if unseen.update(seen_at=timezone.now()):
        transcript.save_among_agents(conversation)


def _members(conversation: Conversation, ids: Collection[int]) -> list[User]:
    """Those of the workspace; a mention of anybody else is an error, not a silence."""
    wanted = set(ids)
    members = conversation.workspace.members.filter(user__in=wanted, user__is_active=True).select_related("user")
    found = [member.user for member in members]
    if len(wanted) > MOST_MENTIONS or len(found) != len(wanted):
        raise Refused("not_found", f"A note mentions at most {MOST_MENTIONS} people, all of this workspace.")
    return found
