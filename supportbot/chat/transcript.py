"""Writes into a conversation, under its lock: messages with the next number, and who has the turn.

Whoever calls these is in a transaction and holds the lock; what was written is published when it commits.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from supportbot.actions import dialogue
from supportbot.chat import drafts, events, handover
from supportbot.chat.composing import BODY_LIMIT
from supportbot.chat.models import Conversation, Message
from supportbot.chat.promise import promise
from supportbot.chat.refusals import Refused
from supportbot.chat.words import SENTENCES, say


def locked(conversation_id: UUID) -> Conversation:
    """The conversation's row, which nobody else may change before this transaction ends.

    The assignee is not joined: whoever waited for the lock would get the joined row of before the wait.
    """
    rows = Conversation.objects.select_for_update(of=("self",)).select_related("workspace", "contact")
    return rows.get(id=conversation_id)


def clean(body: str) -> str:
    """A message's text as every database and browser can hold it."""
    text = body.replace("\x00", "").encode("utf-8", "replace").decode().strip()
    if not text:
        raise Refused("empty", "There is nothing to send yet.")
    if len(text) > BODY_LIMIT:
        raise Refused("too_long", f"A message may have {BODY_LIMIT:,} characters; this one has {len(text):,}.")
    return text


def append(conversation: Conversation, *, author: Message.Author, body: str, **fields: Any) -> Message:
    """Add a message with the next sequence number; the conversation still has to be saved."""
    conversation.last_seq += 1
    return Message.objects.create(
        conversation=conversation, seq=conversation.last_seq, author=author, body=body, **fields
    )


def save(conversation: Conversation, *messages: Message) -> None:
    """Save the conversation and tell everybody on commit."""
    conversation.save()
    transaction.on_commit(lambda: events.publish_conversation(conversation, *messages))


def settle(conversation: Conversation, outcome: Message.Outcome) -> None:
    """Give every message that waits for the assistant its outcome."""
    waiting = conversation.messages.filter(outcome=Message.Outcome.PENDING)
    waiting.update(outcome=outcome)


def silence_bot(conversation: Conversation, reason: str) -> None:
    """Take back the answer that is being written, on commit, and what an action has asked."""
    dialogue.put_aside(conversation.id)
    transaction.on_commit(lambda: drafts.fail_current(conversation.id, reason))


def hand_off(conversation: Conversation, *, reason: str, lead: str = "", **fields: Any) -> Message:
    """Pass the conversation to the agents with a summary, and tell the customer what happens and how long it takes.

    `lead` is what could be answered before.
    """
    language, key = conversation.language, f"hand_off_{reason}"
    made = promise(conversation, language)
    body = " ".join([say(key if key in SENTENCES else "hand_off", language), *made.sentences])
    body = f"{lead}\n\n{body}" if lead else body
    conversation.summary = handover.summary(conversation, reason)
    message = append(conversation, author=Message.Author.BOT, body=body, **fields)
    conversation.give_to_queue()
    conversation.asks_email = made.is_away
    settle(conversation, Message.Outcome.HANDED_OFF)
    silence_bot(conversation, "handed_off")
    save(conversation, message)
    transaction.on_commit(lambda: handover.ask_for_suggestions(conversation.id))
    return message
