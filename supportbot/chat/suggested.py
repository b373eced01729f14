"""What agents make of a suggested reply: helpful or not, inserted, and how far what they sent is from it."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from supportbot.chat import transcript
from supportbot.chat.models import Conversation, Message, SuggestionUse
from supportbot.chat.refusals import Refused
from supportbot.chat.voice.service import in_voice
from supportbot.workspaces.models import User


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
    """The agent's first message after an insertion is what became of the suggestion; under the conversation's lock."""
    uses = SuggestionUse.objects.filter(conversation=message.conversation_id, user=agent)
    for use in uses.filter(inserted_at__isnull=False, message=None):
        offered = in_voice(message.conversation, agent, use.text, before=message)
        use.message, use.distance = message, distance(offered, message.body)
        use.save()


def distance(before: str, after: str) -> int:
    """How many words have to be put in, taken out or replaced to make one text of the other (Levenshtein)."""
    old, new = before.split(), after.split()
    row = list(range(len(new) + 1))
    for i, word in enumerate(old, 1):
        last, row = row, [i]
        for j, other in enumerate(new, 1):
            row.append(min(last[j] + 1, row[-1] + 1, last[j - 1] + (word != other)))
    return row[-1]


def _use(conversation: Conversation, agent: User) -> SuggestionUse:
    """This agent's row for the suggestion that is shown now."""
    reply = conversation.summary.get("reply")
    if not reply:
        raise Refused("not_found", "There is no suggested reply here any more.")
    return SuggestionUse.objects.get_or_create(conversation=conversation, user=agent, text=reply["text"])[0]
