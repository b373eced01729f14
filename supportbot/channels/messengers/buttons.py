"""The answers that stand below a message as buttons, and what becomes of one that is pressed."""

from __future__ import annotations

from uuid import UUID

from supportbot.channels.messengers.adapter import Button
from supportbot.chat import feedback, services
from supportbot.chat.models import Conversation, Message, Rating
from supportbot.chat.refusals import Refused
from supportbot.chat.words import say

CHOICE, VERDICT, RATING = "c", "v", "r"


def below(message: Message, language: str) -> tuple[Button, ...]:
    """What can be answered to a message: what it offers, else whether it helped."""
    if message.choices:
        found = enumerate(message.choices)
        return tuple(Button(words, f"{CHOICE}:{message.id}:{number}") for number, words in found)
    if message.verdict != Message.Verdict.ASKED:
        return ()
    verdicts = (("helped", 1), ("not_helped", 0))
    return tuple(Button(say(key, language), f"{VERDICT}:{message.id}:{number}") for key, number in verdicts)


def scores(conversation: Conversation) -> tuple[Button, ...]:
    """How good a conversation was."""
    return tuple(Button(str(score), f"{RATING}:{conversation.id}:{score}") for score in reversed(Rating.SCORES))


def press(conversation: Conversation, bears: str, client_id: UUID) -> None:
    """Do what the button says; where it says nothing any more, the customer is told so. Refused: it is none of ours"""
    try:
        kind, id_, number = bears.split(":")
        of, value = UUID(id_), int(number)
    except ValueError:
        raise Refused("bad_button", "The button is none of ours.") from None
    try:
        _press(conversation, kind, of, value, client_id)
    except Refused as refusal:
        if refusal.code in ("blocked", "too_fast"):
            raise
        services.tell(conversation_id=conversation.id, body=say("choice_over", conversation.language))


def _press(conversation: Conversation, kind: str, of: UUID, value: int, client_id: UUID) -> None:
    if kind == RATING:
        feedback.rate(conversation_id=conversation.id, score=value, comment="")
        services.tell(conversation_id=conversation.id, body=say("rated", conversation.language))
        return
    message = conversation.messages.filter(id=of).first()
    if message is None:
        raise Refused("not_found", "There is no such message.")
    if kind == VERDICT:
        ids = {"conversation_id": conversation.id, "client_id": client_id}
        feedback.judge_answer(**ids, seq=message.seq, helped=bool(value))
        return
    newer = conversation.messages.filter(seq__gt=message.seq).exclude(author=Message.Author.SYSTEM)
    if newer.exclude(client_id=client_id).exists() or not 0 <= value < len(message.choices):
        raise Refused("choice_over", "Something newer was said.")
    services.post_message(conversation_id=conversation.id, body=message.choices[value], client_id=client_id)
