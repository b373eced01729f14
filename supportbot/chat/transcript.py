"""Writes into a conversation, under its lock: messages with the next number, and who has the turn.

Whoever calls these is in a transaction and holds the lock; what was written is published when it commits.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from supportbot.chat import drafts, events
from supportbot.chat.models import Conversation, Message

HAND_OFF_WORDS = {
    "asked": "Of course. I'm passing you to a colleague, who has our conversation and answers here.",
    "unsure": "I'd rather not guess, so I'm passing this to a colleague, who has our conversation and answers here.",
    "repeated": "I'm not getting you any further, so I'm passing this to a colleague, who answers here.",
    "unsupported": "I can't answer that for certain, so I'm passing this to a colleague, who answers here.",
    "reserved": "My colleagues answer this kind of question themselves. I'm passing it on; they answer here.",
    "angry": "I'm sorry about this. I'm passing you to a colleague, who has our conversation and answers here.",
    "failed": "Something went wrong on my side, so I'm passing this to a colleague, who answers here.",
}
HOURS_WORDS = " People are here {hours}."


def locked(conversation_id: UUID) -> Conversation:
    """The conversation's row, which nobody else may change before this transaction ends.

    The assignee is not joined: whoever waited for the lock would get the joined row of before the wait.
    """
    rows = Conversation.objects.select_for_update(of=("self",)).select_related("workspace", "contact")
    return rows.get(id=conversation_id)


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
    """Take back the answer that is being written, on commit."""
    transaction.on_commit(lambda: drafts.fail_current(conversation.id, reason))


def hand_off(conversation: Conversation, *, reason: str, lead: str = "", **fields: Any) -> Message:
    """Pass the conversation to the agents, and say so to the customer, after what could be answered."""
    hours = conversation.workspace.settings.get("support_hours")
    body = HAND_OFF_WORDS[reason] + (HOURS_WORDS.format(hours=hours) if hours else "")
    body = f"{lead}\n\n{body}" if lead else body
    message = append(conversation, author=Message.Author.BOT, body=body, **fields)
    conversation.give_to_queue()
    settle(conversation, Message.Outcome.HANDED_OFF)
    silence_bot(conversation, "handed_off")
    save(conversation, message)
    return message
