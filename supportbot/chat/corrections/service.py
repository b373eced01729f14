"""Correcting the bot: an agent says what was right, an administrator decides. The audit log has both, without texts."""

from __future__ import annotations

import re
from typing import Any

from django.db import transaction

from supportbot.chat import transcript
from supportbot.chat.corrections.models import CATEGORY, NOTE_LIMIT, Correction
from supportbot.chat.grounding import ADDRESS, IDENTIFIER, MEASURE
from supportbot.chat.masking import Rules, mask
from supportbot.chat.models import Generation, Message
from supportbot.chat.refusals import Refused
from supportbot.knowledge.pages import SLOT
from supportbot.workspaces.models import AuditEntry, User

Act, State = Correction.Act, Correction.State
TELLING = re.compile(r"(?=.*[\d@])(?=.*[^\W\d_]|.*[£$€%])[^;|]*$")  # a number with its unit, or an address
MOST_FIGURES = 8


@transaction.atomic
def correct(*, message: Message, agent: User, act: str, category: str, reply: str, note: str = "") -> Correction:
    """Keep what the bot should have said or done, masked, for review; of several agents the last word counts."""
    conversation = transcript.locked(message.conversation_id)
    made = Generation.objects.filter(message=message).first()
    if made is None:
        raise Refused("forbidden", "Only a reply that the bot has made to a message can be corrected.")
    if act not in Act.values or not CATEGORY.match(category):
        raise Refused("bad_frame", "Choose a category, and what the bot should have done.")
    rules = Rules.of(conversation.workspace)
    reply, note = (mask(text, rules) for text in (transcript.clean(reply), note.replace("\x00", "").strip()))
    if len(note) > NOTE_LIMIT:
        raise Refused("too_long", f"A note may have {NOTE_LIMIT} characters; this one has {len(note)}.")
    if (act, category, reply) == (act_of(made), message.category, message.body):
        raise Refused("empty", "Change the reply, the category or what the bot should have done.")
    said = {"act": act, "category": category, "reply": reply, "note": note, "facts": figures(reply)}
    state: dict[str, Any] = {"author": agent, "state": State.WAITING, "reviewer": None}
    correction, _ = Correction.objects.update_or_create(message=message, defaults={**said, **state})
    _audit(correction, "made", agent)
    transcript.note_activity(conversation, f"{agent.get_short_name()} corrected the bot", agent)
    transcript.save_among_agents(conversation)
    return correction


@transaction.atomic
def review(correction: Correction, *, reviewer: User, state: Correction.State) -> None:
    """Decide on a correction; what is approved is read by training and evaluation from now on."""
    correction.state, correction.reviewer = state, reviewer
    correction.save(update_fields=["state", "reviewer", "updated_at"])
    _audit(correction, str(state), reviewer)


def act_of(made: Generation) -> str:
    """What the bot did, as a correction names it: an action counts as an answer."""
    return Act.ANSWER if made.act == Generation.Act.ACT else made.act


def figures(text: str) -> str:
    """What can be measured of an answer: its amounts, periods and addresses, as a correction's facts."""
    text = SLOT.sub(" ", text)
    found = [match[0].strip(" .,") for match in (*ADDRESS.finditer(text), *MEASURE.finditer(text))]
    told = [one for one in found if TELLING.match(one) and not IDENTIFIER.search(one)]
    return "; ".join(list(dict.fromkeys(told))[:MOST_FIGURES])[: Correction.FACTS_LIMIT]


def _audit(correction: Correction, done: str, actor: User) -> None:
    conversation = correction.message.conversation
    details = {"conversation": str(conversation.id), "category": correction.category, "act": correction.act}
    AuditEntry.objects.create(
        workspace=conversation.workspace,
        actor=actor,
        action=f"correction.{done}",
        target=str(correction.message_id),
        details=details,
    )
