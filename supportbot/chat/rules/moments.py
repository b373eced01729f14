"""What is known of a conversation at one moment, now or in the past: all that conditions look at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from supportbot.chat.models import Conversation, Message
from supportbot.workspaces.hours import Hours

LAST = 50  # messages of the customer that are looked at


@dataclass(frozen=True)
class Moment:
    """A conversation at a time, with what its customer had said last and what the assistant had read of it."""

    conversation: Conversation
    at: datetime
    words: str
    language: str
    category: str
    mood: str
    hours: Callable[[Conversation], Hours | None]

    @classmethod
    def of(
        cls,
        conversation: Conversation,
        at: datetime,
        said: Sequence[Message],
        hours: Callable[[Conversation], Hours | None] | None = None,
    ) -> Self:
        """From the customer's messages until then, in order; not every one was read by the assistant."""
        last = list(said)[::-1]
        return cls(
            conversation=conversation,
            at=at,
            words=last[0].body if last else "",
            language=_latest(last, "language") or conversation.contact.language,
            category=_latest(last, "category"),
            mood=_latest(last, "sentiment"),
            hours=hours or hours_of,
        )

    @classmethod
    def now(cls, conversation: Conversation, at: datetime, until: Message | None) -> Self:
        """As it stands, with what was said up to a message."""
        said = conversation.messages.filter(author=Message.Author.CUSTOMER).order_by("-seq")
        said = said.filter(seq__lte=until.seq) if until else said
        return cls.of(conversation, at, list(said[:LAST])[::-1])


def hours_of(conversation: Conversation) -> Hours | None:
    """The business hours of whoever has it."""
    return (conversation.team or conversation.workspace).hours()


def _latest(messages: Sequence[Message], name: str) -> str:
    return next((str(getattr(message, name)) for message in messages if getattr(message, name)), "")
