"""What the customer wants done rather than answered: the way from a message into the dialogue of `actions` and back."""

from __future__ import annotations

import re

from supportbot.actions import dialogue
from supportbot.actions.catalogue import find
from supportbot.actions.dialogue import Step, Visitor
from supportbot.chat.answering import Question
from supportbot.chat.attempt import Attempt
from supportbot.chat.context import Context
from supportbot.chat.words import LANGUAGES

# Who asks how, when or whether wants to know, not to have it done.
WANTS_TO_KNOW = re.compile(
    r"^(?:hi|hello|hey|so|and|but|ok|okay|also|please|,|\s)*"
    r"(?:how|what|when|where|which|why|who|until|till|is|are|am|do|does|did|may|must|should|could i|can i)\b",
    re.IGNORECASE,
)


def step(attempt: Attempt, said: Context, question: Question) -> Step | None:
    """The next step of an action that is under way, or that the message asks for; None if it wants an answer."""
    conversation, turn = attempt.conversation, attempt.message.seq
    visitor = Visitor(id=str(conversation.contact_id), language=question.language)
    intent = question.triage["intent"] if question.is_sure else ""
    if going_on := dialogue.go_on(conversation.id, said.question, visitor, turn=turn, intent=intent):
        return going_on
    if not intent or _wants_to_know(question.text if question.interpreter else said.question):
        return None
    if question.interpreter and question.language not in LANGUAGES:
        return None  # the dialogue would not understand the answers
    name = dialogue.for_intent(conversation.workspace, intent)
    if name is None or not find(conversation.workspace, name).changes:
        return None
    known = {"order_number": said.order_number} if said.order_number else {}
    return dialogue.start(conversation.workspace, conversation.id, name, known, visitor, turn=turn)


def _wants_to_know(text: str) -> bool:
    return bool(WANTS_TO_KNOW.match(text.strip()))
