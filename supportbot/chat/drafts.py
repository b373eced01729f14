"""The answer that is being written: told to whoever looks on, and kept so that a newcomer sees it from the start.

A draft is a hint like an event: it lives in the cache, and what becomes of it stands in the database.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field

import structlog
from django.core.cache import cache

from supportbot.chat import events
from supportbot.chat.events import Frame

log = structlog.get_logger(__name__)
KEPT_FOR = 120  # seconds


@dataclass
class Draft:
    """One attempt at a reply, as far as it has come."""

    conversation_id: uuid.UUID
    in_reply_to: int
    reply: str = field(default_factory=lambda: str(uuid.uuid4()))
    text: str = ""
    chunks: int = 0

    def start(self) -> None:
        """Publish `reply.started`."""
        self._keep()
        self._publish(self.started_frame())

    def extend(self, text: str) -> None:
        """Publish the next numbered piece."""
        frame = self.chunk_frame(text, n=self.chunks, offset=len(self.text))
        self.text += text
        self.chunks += 1
        self._keep()
        self._publish(frame)

    def fail(self, reason: str) -> None:
        """Publish `reply.failed`: nothing will come of it."""
        forget(self.conversation_id)
        self._publish({"type": "reply.failed", **self._names(), "reason": reason})

    def started_frame(self) -> Frame:
        """`reply.started`."""
        return {"type": "reply.started", **self._names()}

    def chunk_frame(self, text: str, *, n: int, offset: int) -> Frame:
        """`reply.chunk`: text to be put at this character."""
        conversation = str(self.conversation_id)
        return {
            "type": "reply.chunk",
            "conversation": conversation,
            "reply": self.reply,
            "n": n,
            "offset": offset,
            "text": text,
        }

    def _names(self) -> Frame:
        return {"conversation": str(self.conversation_id), "reply": self.reply, "in_reply_to": self.in_reply_to}

    def _publish(self, frame: Frame) -> None:
        events.publish(events.conversation_group(self.conversation_id), frame)

    def _keep(self) -> None:
        try:
            cache.set(_key(self.conversation_id), self, KEPT_FOR)
        except Exception as error:
            log.warning("draft not kept", error=repr(error))


def current(conversation_id: uuid.UUID) -> Draft | None:
    """The draft of a conversation, if an answer is being written."""
    try:
        draft: Draft | None = cache.get(_key(conversation_id))
    except Exception as error:
        log.warning("draft not read", error=repr(error))
        return None
    return draft


def forget(conversation_id: uuid.UUID) -> None:
    """The answer is saved, or will never be."""
    try:
        cache.delete(_key(conversation_id))
    except Exception as error:
        log.warning("draft not forgotten", error=repr(error))


def fail_current(conversation_id: uuid.UUID, reason: str) -> None:
    """Take back what is being written, if anything is."""
    if draft := current(conversation_id):
        draft.fail(reason)


def _key(conversation_id: uuid.UUID) -> str:
    return f"draft:{conversation_id}"
