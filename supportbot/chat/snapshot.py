"""What somebody missed of a conversation, as frames: the answer to `resume` and to `conversation.open`."""

from __future__ import annotations

from supportbot.chat import drafts, events
from supportbot.chat.events import Frame
from supportbot.chat.models import Conversation


def snapshot(conversation: Conversation, last_seq: int) -> list[Frame]:
    """The state, each message after `last_seq` in order, and in the middle of an answer its text so far.

    Join the conversation's group first: what happens meanwhile then arrives as well, and doubles are dropped by seq.
    """
    missed = conversation.messages.filter(seq__gt=last_seq).select_related("user", "translation")
    missed = missed.prefetch_related("attachments")
    frames = [events.state_frame(conversation), *map(events.message_frame, missed)]
    draft = drafts.current(conversation.id) if conversation.claim else None
    if draft:
        frames += [draft.started_frame(), draft.chunk_frame(draft.text, n=0, offset=0)]
    return frames
