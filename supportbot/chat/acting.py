"""What the customer wants done rather than answered: the way from a message into the dialogue of `actions` and back."""

from __future__ import annotations

from supportbot.actions import dialogue
from supportbot.actions.dialogue import Step
from supportbot.chat import todo
from supportbot.chat.answering import Question
from supportbot.chat.attempt import Attempt
from supportbot.chat.context import Context, numbers, visitor, wants_to_know
from supportbot.chat.words import LANGUAGES

SURELY = 0.5  # an answer to what an action asks, as an address, may look a little like anything


def step(attempt: Attempt, said: Context, question: Question) -> Step | None:
    """The next step of an action that is under way, or that the message asks for; None if it wants an answer."""
    conversation, turn = attempt.conversation, attempt.message.seq
    if question.decision.reason == "asked" and question.triage["confidence"] >= SURELY:
        return None  # who wants a person has not to finish anything first
    customer = visitor(conversation, question.language)
    intent = question.triage["intent"] if question.is_sure else ""
    if going_on := dialogue.go_on(conversation.id, said.question, customer, turn=turn, intent=intent):
        todo.opened_by_bot(going_on.call)
        return going_on
    if not intent or (question.interpreter and question.language not in LANGUAGES):
        return None  # the dialogue would not understand the answers
    asks = wants_to_know(question.text if question.interpreter else said.question)
    name = dialogue.for_intent(conversation.workspace, intent, asks=asks)
    if name is None:
        return None
    number = " ".join(numbers(said.question)) or said.order_number
    known = {"order_number": number} if number else {}
    return dialogue.start(conversation.workspace, conversation.id, name, known, customer, turn=turn)


def look_up(attempt: Attempt, said: Context, question: Question) -> Step | None:
    """What the action that only looks an order up says of it; None if the question is not about a known order."""
    conversation = attempt.conversation
    name = dialogue.look_up_for(conversation.workspace, question.triage["intent"])
    if said.order is None or name is None:
        return None
    customer = visitor(conversation, question.language)
    known = {"order_number": said.order.number}
    return dialogue.start(conversation.workspace, conversation.id, name, known, customer, turn=attempt.message.seq)
