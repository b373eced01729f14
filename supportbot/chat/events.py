"""The vocabulary of events, the groups that hear them, and `publish`, the only caller of `group_send`.

Events are hints: one that gets lost is found in the database by whoever resumes. So a failure is logged, never raised.
"""

from __future__ import annotations

import asyncio
import threading
from functools import cache
from typing import Any
from uuid import UUID

import structlog
from channels.layers import get_channel_layer

from supportbot.chat.models import Conversation, Message, Rating
from supportbot.chat.words import say
from supportbot.workspaces.models import Workspace

log = structlog.get_logger(__name__)
PROTOCOL = 1
PATIENCE = 3.0  # seconds until an event counts as lost

Frame = dict[str, Any]
_server_loop: asyncio.AbstractEventLoop | None = None


def conversation_group(conversation_id: UUID) -> str:
    """Everybody who looks at this conversation."""
    return f"conversation.{conversation_id}"


def inbox_group(workspace_id: int) -> str:
    """Every agent of a workspace who has the inbox open."""
    return f"inbox.{workspace_id}"


def visitors_group(workspace_id: int) -> str:
    """Every customer of a workspace who has the panel open."""
    return f"visitors.{workspace_id}"


def use_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Send through the server's loop, to which the in-memory channel layer belongs."""
    global _server_loop
    _server_loop = loop


def publish(group: str, frame: Frame) -> None:
    """Hand a frame to a group and wait until it is on its way. Never called on the event loop's own thread."""
    sending = get_channel_layer().group_send(group, {"type": "frame", "frame": {"v": PROTOCOL, **frame}})
    try:
        asyncio.run_coroutine_threadsafe(sending, _server_loop or _own_loop()).result(PATIENCE)
    except Exception as error:
        log.warning("event lost", event_type=frame["type"], group=group, error=repr(error))


@cache
def _own_loop() -> asyncio.AbstractEventLoop:
    """A loop on a thread of its own, for processes that serve nothing."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="events", daemon=True).start()
    return loop


def message_frame(message: Message) -> Frame:
    """`message.posted`; `message.user` must be loaded if there is one."""
    name = message.user.get_short_name() if message.author == Message.Author.AGENT and message.user else ""
    return {
        "type": "message.posted",
        "conversation": str(message.conversation_id),
        "message": {
            "id": str(message.id),
            "seq": message.seq,
            "author": message.author,
            "name": name,
            "body": message.body,
            "client_id": str(message.client_id) if message.client_id else None,
            "in_reply_to": message.in_reply_to,
            "sources": [{"title": source["title"], "url": source["url"]} for source in message.sources],
            "category": message.category or None,
            "confidence": message.confidence,
            "verdict": message.verdict or None,
            "notice": notice(message),
            "created_at": message.created_at.isoformat(),
        },
    }


def notice(message: Message) -> str:
    """What the customer is told of a message of which a part was hidden."""
    return say("masked", message.language or message.conversation.workspace.language) if message.masked else ""


def state_frame(conversation: Conversation) -> Frame:
    """`state`, as the customer and the agents see it; `conversation.assignee` must be loaded if there is one."""
    agent = conversation.assignee
    return {
        "type": "state",
        "conversation": str(conversation.id),
        "status": conversation.status,
        "handler": conversation.handler,
        "agent": {"name": agent.get_short_name()} if agent else None,
        "last_seq": conversation.last_seq,
        "email": conversation.contact.email if conversation.asks_email else None,
        "rating": _rating(conversation),
    }


def _rating(conversation: Conversation) -> Frame | None:
    """The rating that is asked for or given; None while the conversation is open."""
    if not conversation.asks_rating or conversation.status != Conversation.Status.RESOLVED:
        return None
    given = Rating.objects.filter(conversation=conversation).first()
    if given is None:
        return {"score": None, "comment": "", "open": True}
    return {"score": given.score, "comment": given.comment, "open": given.is_open}


def summary_frame(conversation: Conversation, preview: str) -> Frame:
    """`conversation.changed`: one row of the inbox."""
    agent = conversation.assignee
    return {
        "type": "conversation.changed",
        "conversation": {
            "id": str(conversation.id),
            "status": conversation.status,
            "handler": conversation.handler,
            "assignee": {"id": agent.id, "name": agent.get_short_name()} if agent else None,
            "contact": {"name": str(conversation.contact), "verified": conversation.contact.is_verified},
            "preview": preview[:140],
            "category": conversation.category or None,
            "last_seq": conversation.last_seq,
            "unread": conversation.unread,
            "updated_at": conversation.updated_at.isoformat(),
            "waiting_since": conversation.waiting_since.isoformat() if conversation.waiting_since else None,
        },
    }


def erased_frame(conversation_id: UUID) -> Frame:
    """`conversation.erased`: its customer had it deleted."""
    return {"type": "conversation.erased", "conversation": str(conversation_id)}


def typing_frame(conversation_id: UUID, author: str, name: str, on: bool) -> Frame:
    """`typing`: somebody writes, or no longer does."""
    return {"type": "typing", "conversation": str(conversation_id), "author": author, "name": name, "on": on}


def presence_frame(workspace: Workspace) -> Frame:
    """`presence`: how many agents are there."""
    return {"type": "presence", "agents_online": workspace.agents_online()}


def publish_conversation(conversation: Conversation, *messages: Message) -> None:
    """Tell everybody about new messages of a conversation and about its state."""
    group = conversation_group(conversation.id)
    for message in messages:
        publish(group, message_frame(message))
    publish(group, state_frame(conversation))
    last = messages[-1] if messages else conversation.messages.last()
    publish(inbox_group(conversation.workspace_id), summary_frame(conversation, last.body if last else ""))


def publish_presence(workspace: Workspace) -> None:
    """Tell agents and customers of a workspace how many agents are there."""
    frame = presence_frame(workspace)
    publish(inbox_group(workspace.id), frame)
    publish(visitors_group(workspace.id), frame)
