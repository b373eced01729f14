"""What the customer wants done rather than answered: the way from a message into the dialogue of `actions` and back."""

from __future__ import annotations

import re

from supportbot.actions import dialogue
from supportbot.actions.catalogue import find
from supportbot.actions.dialogue import Step, Visitor
from supportbot.chat.answering import Question
from supportbot.chat.attempt import Attempt
from supportbot.chat.context import Context

# Who asks how, when or whether wants to know, not to have it done.
WANTS_TO_KNOW = re.compile(
    r"^(?:hi|hello|hey|so|and|but|ok|okay|also|please|,|\s)*"
    r"(?:how|what|when|where|which|why|who|until|till|is|are|am|do|does|did|may|must|should|could i|can i)\b",
    re.IGNORECASE,
)


def step(attempt: Attempt, said: Context, question: Question) -> Step | None:
    """The next step of an action that is under way, or that the message asks for; None if it wants an answer."""
    conversation, turn = attempt.conversation, attempt.message.seq
    contact = conversation.contact
    visitor = Visitor(
        id=str(contact.id),
        email=contact.verified_email,
        signed_in=contact.is_verified,
        language=question.language,
    )
    intent = question.triage["intent"] if question.is_sure else ""
    if going_on := dialogue.go_on(conversation.id, said.question, visitor, turn=turn, intent=intent):
        return going_on
    name = dialogue.for_intent(conversation.workspace, intent) if intent and not _wants_to_know(said.question) else None
    if name is None or not find(conversation.workspace, name).changes:
        return None
    known = {"order_number": said.order_number} if said.order_number else {}
    return dialogue.start(conversation.workspace, conversation.id, name, known, visitor, turn=turn)


def _wants_to_know(text: str) -> bool:
    return bool(WANTS_TO_KNOW.match(text.strip()))
