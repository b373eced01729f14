"""Writes into a conversation, under its lock: messages with the next number, and who has the turn.

Whoever calls these is in a transaction and holds the lock; what was written is published when it commits.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from supportbot.actions import dialogue
from supportbot.chat import drafts, events, handover
from supportbot.chat.models import Conversation, Message
from supportbot.chat.promise import promise
from supportbot.chat.translation import service
from supportbot.chat.translation.interpreter import Said, joined
from supportbot.chat.words import SENTENCES, say


def locked(conversation_id: UUID) -> Conversation:
    """The conversation's row, which nobody else may change before this transaction ends.

    The assignee is not joined: whoever waited for the lock would get the joined row of before the wait.
    """
    rows = Conversation.objects.select_for_update(of=("self",)).select_related("workspace", "contact")
    return rows.get(id=conversation_id)


def append(
    conversation: Conversation, *, author: Message.Author, body: str, said: Said | None = None, **fields: Any
) -> Message:
    """Add a message with the next sequence number; the conversation still has to be saved.

    `said` has what was translated before; anything else is translated later, where its reader has another language.
    """
    conversation.last_seq += 1
    message = Message.objects.create(
        conversation=conversation, seq=conversation.last_seq, author=author, body=body, **fields
    )
    if said and said.target:
        service.keep(message, said)
    else:
        service.prepare(message)
    return message


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


def hand_off(conversation: Conversation, *, reason: str, lead: Said | None = None, **fields: Any) -> Message:
    """Pass the conversation to the agents with a summary, and tell the customer what happens and how long it takes.

    `lead` is what could be answered before.
    """
    language, key = conversation.language, f"hand_off_{reason}"
    made = promise(conversation, language)
    told = Said(" ".join([say(key if key in SENTENCES else "hand_off", language), *made.sentences]))
    told = joined([lead, told]) if lead else told
    conversation.summary = handover.summary(conversation, reason)
    message = append(conversation, author=Message.Author.BOT, body=told.text, said=told, **fields)
    conversation.give_to_queue()
    conversation.asks_email = made.is_away
    settle(conversation, Message.Outcome.HANDED_OFF)
    silence_bot(conversation, "handed_off")
    save(conversation, message)
    transaction.on_commit(lambda: handover.ask_for_suggestions(conversation.id))
    return message
