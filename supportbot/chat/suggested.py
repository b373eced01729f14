"""What agents make of what the assistant proposes: inserted or rejected, and how far what they sent is from it."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from supportbot.chat import experts, transcript
from supportbot.chat.differences import distance, share_changed
from supportbot.chat.models import Conversation, Message, Remark, SuggestionUse
from supportbot.chat.refusals import Refused
from supportbot.chat.voice.service import in_voice
from supportbot.workspaces.models import User

Kind = SuggestionUse.Kind
SENT = (Kind.REPLY, *SuggestionUse.REWRITES)  # what goes to the customer


def offered(conversation: Conversation, agent: User) -> str:
    """The suggested reply in the workspace's voice, as this agent would send it; empty without one."""
    reply = conversation.summary.get("reply")
    return in_voice(conversation, agent, reply["text"]) if reply else ""


@transaction.atomic
def judge(*, conversation_id: UUID, agent: User, helpful: bool) -> None:
    """Keep whether the suggestion helps this agent; the last word counts."""
    conversation = transcript.locked(conversation_id)
    use = _use(conversation, agent)
    use.helpful = helpful
    use.save()
    transcript.save_among_agents(conversation)


@transaction.atomic
def insert(*, conversation_id: UUID, agent: User) -> None:
    """Keep that the agent has put it where they write."""
    use = _use(transcript.locked(conversation_id), agent)
    use.inserted_at = use.inserted_at or timezone.now()
    use.save()


def follow_up(message: Message, agent: User) -> None:
    """The agent's first message after an insertion is what became of the proposals; under the conversation's lock."""
    uses = SuggestionUse.objects.filter(conversation=message.conversation_id, user=agent, kind__in=SENT)
    for use in uses.filter(inserted_at__isnull=False, message=None):
        use.message = message
        is_reply = use.kind == Kind.REPLY
        measure(use, message.body, in_voice(message.conversation, agent, use.text, before=message) if is_reply else "")


def noted(note: Remark, agent: User) -> None:
    """The agent's first note after a summary was inserted is what became of it; under the conversation's lock."""
    uses = SuggestionUse.objects.filter(conversation=note.conversation_id, user=agent, kind=Kind.SUMMARY)
    for use in uses.filter(inserted_at__isnull=False, changed=None):
        measure(use, note.body)


def measure(use: SuggestionUse, became: str, offered: str = "") -> None:
    """Keep how far what came of a proposal is from it, or from the words in which it was `offered`."""
    offered = offered or use.text
    use.distance, use.changed = distance(offered, became), share_changed(offered, became)
    use.save()


def _use(conversation: Conversation, agent: User) -> SuggestionUse:
    """This agent's row for the suggestion that is shown now."""
    reply = conversation.summary.get("reply")
    if not reply:
        raise Refused("not_found", "There is no suggested reply here any more.")
    about = {"category": conversation.category, "expert": experts.of(conversation)}
    own = SuggestionUse.objects.filter(conversation=conversation, user=agent, kind=Kind.REPLY)
    return own.get_or_create(text=reply["text"], defaults={**about, "conversation": conversation, "user": agent})[0]
