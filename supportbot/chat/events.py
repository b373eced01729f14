"""The vocabulary of events, the groups that hear them, and `publish`, the only caller of `group_send`.

Events are hints: one that gets lost is found in the database by whoever resumes. So a failure is logged, never raised.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Any
from uuid import UUID

import structlog
from channels.layers import get_channel_layer

from supportbot.chat.models import Attachment, Conversation, HeldMessage, Message, Rating, Remark, Translation
from supportbot.chat.sorting import Label
from supportbot.chat.words import say
from supportbot.telemetry import metrics
from supportbot.workspaces.models import Member, User, Workspace

log = structlog.get_logger(__name__)
PROTOCOL = 1
PATIENCE = 3.0  # seconds until an event counts as lost
FILE_SIGN = "📎"  # before the name of a file, where a message has no words to be shown

Frame = dict[str, Any]
_server_loop: asyncio.AbstractEventLoop | None = None


def conversation_group(conversation_id: UUID) -> str:
    """Everybody who looks at this conversation."""
    return f"conversation.{conversation_id}"


def agents_group(conversation_id: UUID) -> str:
    """Every agent who looks at this conversation."""
    return f"agents.{conversation_id}"


def agent_group(workspace_id: int, user_id: int) -> str:
    """Every open inbox of one agent."""
    return f"agent.{workspace_id}.{user_id}"


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
        metrics.EVENTS_LOST.inc()
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
            "choices": message.choices,
            "category": message.category or None,
            "confidence": message.confidence,
            "verdict": message.verdict or None,
            "notice": notice(message),
            "failure": message.failure,
            "translation": _translation(message),
            "attachments": [attachment_facts(attachment) for attachment in message.attachments.all()],
            "created_at": message.created_at.isoformat(),
        },
    }


def attachment_facts(attachment: Attachment) -> Frame:
    """A file as frames and pages describe it; its content is asked for over HTTP."""
    names = ("name", "kind", "size", "width", "height", "state")
    return {"id": str(attachment.id), **{name: getattr(attachment, name) for name in names}}


def draft_attachments_frame(conversation_id: UUID, unsent: Iterable[Attachment]) -> Frame:
    """`draft.attachments`: the files that the agent has uploaded in a conversation and not sent."""
    facts = [attachment_facts(attachment) for attachment in unsent]
    return {"type": "draft.attachments", "conversation": str(conversation_id), "attachments": facts}


def _translation(message: Message) -> Frame | None:
    """The message's other text, and for whom it is."""
    row: Translation | None = getattr(message, "translation", None)
    if row is None:
        return None
    return {"reader": row.reader, "state": row.state, "source": row.source, "target": row.target, "text": row.text}


def preview(message: Message | None) -> str:
    """A message as the inbox's list shows it: in the agents' language, as far as it is known."""
    row: Translation | None = getattr(message, "translation", None)
    is_read = row is not None and row.reader == Translation.Reader.AGENTS and row.text
    text = row.text if row and is_read else message.body if message else ""
    first = message.attachments.first() if message and not text else None
    return f"{FILE_SIGN} {first.name}" if first else text


def notice(message: Message) -> str:
    """What the customer is told of a message of which a part was hidden."""
    return say("masked", message.language or message.conversation.language) if message.masked else ""


def state_frame(conversation: Conversation) -> Frame:
    """`state`, as the customer and the agents see it; `conversation.assignee` must be loaded if there is one."""
    agent = conversation.assignee
    return {
        "type": "state",
        "conversation": str(conversation.id),
        "status": _public_status(conversation),
        "handler": conversation.handler,
        "agent": {"name": agent.get_short_name()} if agent else None,
        "last_seq": conversation.last_seq,
        "language": conversation.spoken_language or None,
        "email": conversation.contact.email if conversation.asks_email else None,
        "rating": _rating(conversation),
        "receipts": _receipts(conversation),
    }


def _receipts(conversation: Conversation) -> Frame:
    """Up to which message the customer's browser has it, the customer has seen it, and an agent has."""
    return {"received": conversation.received_seq, "seen": conversation.seen_seq, "read": conversation.read_seq}


def _public_status(conversation: Conversation) -> str:
    """That it is snoozed or among the spam is no customer's business."""
    if not conversation.is_spam and conversation.status != Conversation.Status.SNOOZED:
        return conversation.status
    is_bots = conversation.handler == Conversation.Handler.BOT
    return Conversation.Status.PENDING if is_bots else Conversation.Status.OPEN


def _rating(conversation: Conversation) -> Frame | None:
    """The rating that is asked for or given; None while the conversation is open."""
    if not conversation.asks_rating or conversation.status != Conversation.Status.RESOLVED:
        return None
    given = Rating.objects.filter(conversation=conversation).first()
    if given is None:
        return {"score": None, "comment": "", "open": True}
    return {"score": given.score, "comment": given.comment, "open": given.is_open}


def summary_frame(conversation: Conversation, preview: str) -> Frame:
    """`conversation.changed`: one row of the inbox; assignee, team and labels had better be loaded."""
    agent, team, contact = conversation.assignee, conversation.team, conversation.contact
    return {
        "type": "conversation.changed",
        "conversation": {
            "id": str(conversation.id),
            "channel": conversation.channel,
            "status": conversation.status,
            "handler": conversation.handler,
            "assignee": _person(agent) if agent else None,
            "team": {"id": team.id, "name": team.name} if team else None,
            "priority": conversation.priority,
            "mentions": _mentions(conversation),
            "participants": [_person(one.user) for one in conversation.participants.all()],
            "labels": [label_facts(label) for label in conversation.labels.all()],
            "spam": conversation.is_spam,
            "contact": {
                "name": str(contact),
                "page": contact.page,
                "verified": contact.is_verified,
                "blocked": contact.blocked_at is not None,
            },
            "preview": preview[:140],
            "category": conversation.category or None,
            "language": conversation.spoken or None,
            "last_seq": conversation.last_seq,
            "last_remark": conversation.last_remark,
            "unread": conversation.unread,
            "created_at": conversation.created_at.isoformat(),
            "active_at": conversation.active_at.isoformat(),
            "updated_at": conversation.updated_at.isoformat(),
            "waiting_since": _iso(conversation.waiting_since),
            "snoozed_until": _iso(conversation.snoozed_until),
            "due": _due(conversation),
        },
    }


def _person(user: User) -> Frame:
    return {"id": user.pk, "name": user.get_short_name()}


def _due(conversation: Conversation) -> list[Frame]:
    """What people have to have done by when, and whether that is near or over; the earliest first."""
    reply = {"what": "reply", "at": _iso(conversation.reply_due_at), "alarm": conversation.reply_alarm}
    resolution = {"what": "resolution", "at": _iso(conversation.resolution_due_at)}
    both = [reply, {**resolution, "alarm": conversation.resolution_alarm}]
    return sorted((one for one in both if one["at"]), key=lambda one: str(one["at"]))


def _mentions(conversation: Conversation) -> list[Frame]:
    """Who is mentioned here, and whether they have seen all of it."""
    seen: dict[int, bool] = {}
    for mention in conversation.mentions.all():
        seen[mention.user_id] = seen.get(mention.user_id, True) and mention.seen_at is not None
    return [{"id": user_id, "seen": has_seen} for user_id, has_seen in seen.items()]


def label_facts(label: Label) -> Frame:
    """A label as frames and pages describe it."""
    return {"id": label.pk, "name": label.name, "colour": label.colour}


def _iso(at: datetime | None) -> str | None:
    """In UTC, so that texts of times have the order of the times."""
    return at.astimezone(UTC).isoformat() if at else None


def remark_frame(remark: Remark) -> Frame:
    """`remark.posted`, for agents only; its user and its mentions with their users had better be loaded."""
    return {
        "type": "remark.posted",
        "conversation": str(remark.conversation_id),
        "remark": {
            "number": remark.number,
            "after": remark.after,
            "kind": remark.kind,
            "name": remark.user.get_short_name() if remark.user else "",
            "body": remark.body,
            "client_id": str(remark.client_id) if remark.client_id else None,
            "mentions": [{"id": m.user_id, "name": str(m.user)} for m in remark.mentions.all()],
            "created_at": remark.created_at.isoformat(),
        },
    }


def mention_frame(note: Remark) -> Frame:
    """`mention.posted`: a colleague calls for the agent who hears this; `note.user` and its conversation are loaded."""
    by = note.user.get_short_name() if note.user else ""
    facts = {"by": by, "contact": str(note.conversation.contact), "preview": note.body[:140]}
    return {"type": "mention.posted", "conversation": str(note.conversation_id), **facts}


def followed_frame(message: Message, contact: str) -> Frame:
    """`message.followed`: the customer wrote where the agent who hears this takes part."""
    facts = {"contact": contact, "preview": message.body[:140]}
    return {"type": "message.followed", "conversation": str(message.conversation_id), **facts}


def erased_frame(conversation_id: UUID) -> Frame:
    """`conversation.erased`: its customer had it deleted."""
    return {"type": "conversation.erased", "conversation": str(conversation_id)}


def merged_frame(conversation_id: UUID, into: UUID) -> Frame:
    """`conversation.merged`, for inboxes: all of it is in another conversation now."""
    return {"type": "conversation.merged", "conversation": str(conversation_id), "into": str(into)}


def moved_frame(conversation_id: UUID) -> Frame:
    """`conversation.moved`, for its customer: resume, for it has another id and other numbers now."""
    return {"type": "conversation.moved", "conversation": str(conversation_id)}


def breach_frame(conversation: Conversation, what: str) -> Frame:
    """`sla.breached`: people are late with the first response, the next response or the resolution."""
    facts = {"what": what, "contact": str(conversation.contact), "assignee": conversation.assignee_id}
    return {"type": "sla.breached", "conversation": str(conversation.id), **facts}


def typing_frame(conversation_id: UUID, author: str, name: str, on: bool) -> Frame:
    """`typing`: somebody writes, or no longer does."""
    return {"type": "typing", "conversation": str(conversation_id), "author": author, "name": name, "on": on}


def looking_frame(conversation_id: UUID, window: str, user: User, *, on: bool, asks: bool = False) -> Frame:
    """`looking`: an agent has a conversation open in a window, or no longer has; `asks` who else has."""
    who = {"window": window, "user": user.pk, "name": user.get_short_name()}
    return {"type": "looking", "conversation": str(conversation_id), **who, "on": on, "asks": asks}


def draft_frame(conversation_id: UUID, kind: str, body: str, client_id: UUID | None = None) -> Frame:
    """`draft`: what the agent has written and not sent; `client_id` is that of the window which saved it."""
    return {
        "type": "draft",
        "conversation": str(conversation_id),
        "kind": kind,
        "body": body,
        "client_id": str(client_id) if client_id else None,
    }


def held_frame(conversation_id: UUID, waiting: Iterable[HeldMessage]) -> Frame:
    """`held`: the agent's messages that can still be taken back."""
    messages = [
        {
            "client_id": str(held.client_id),
            "body": held.body,
            "attachments": [attachment_facts(attachment) for attachment in held.attachments.all()],
            "due_at": held.due_at and held.due_at.isoformat(),
        }
        for held in waiting
    ]
    return {"type": "held", "conversation": str(conversation_id), "messages": messages}


def returned_frame(held: HeldMessage, reason: str, body: str, draft: str) -> Frame:
    """`message.returned`: a message that was held back is not sent; `draft` is what is to be written on."""
    return {
        "type": "message.returned",
        "conversation": str(held.conversation_id),
        "client_id": str(held.client_id),
        "reason": reason,
        "body": body,
        "draft": draft,
    }


def presence_frame(workspace: Workspace) -> Frame:
    """`presence`: how many agents are there."""
    return {"type": "presence", "agents_online": workspace.agents_online()}


def own_presence_frame(member: Member) -> Frame:
    """`presence.own`: whether an agent is away, on which day of the workspace they are back, and their digest."""
    back_at = member.back_at if member.is_away_now else None
    back_on = back_at.astimezone(member.workspace.zone).date().isoformat() if back_at else None
    return {"type": "presence.own", "away": member.is_away_now, "back_on": back_on, "digest": member.digest}


def publish_conversation(conversation: Conversation, *messages: Message) -> None:
    """Tell everybody about new messages of a conversation and about its state."""
    group = conversation_group(conversation.id)
    for message in messages:
        publish(group, message_frame(message))
    publish(group, state_frame(conversation))
    publish_row(conversation)


def publish_again(message: Message) -> None:
    """Tell everybody what a message has become; the list too, where it is the last."""
    conversation = message.conversation
    publish(conversation_group(conversation.id), message_frame(message))
    if message.seq == conversation.last_seq:
        publish_row(conversation)


def publish_receipts(conversation_id: UUID) -> None:
    """Tell everybody how far a conversation was received and seen."""
    if conversation := Conversation.objects.filter(id=conversation_id).first():
        frame = {"type": "receipts", "conversation": str(conversation_id), "receipts": _receipts(conversation)}
        publish(conversation_group(conversation_id), frame)


def publish_row(conversation: Conversation) -> None:
    """Tell the inboxes how a conversation now stands in their lists."""
    publish(inbox_group(conversation.workspace_id), summary_frame(conversation, preview(conversation.messages.last())))


def publish_remark(remark: Remark) -> None:
    """Tell the agents who look at a conversation of a new line."""
    publish(agents_group(remark.conversation_id), remark_frame(remark))


def publish_mention(note: Remark, person: User) -> None:
    """Tell somebody that a note mentions them."""
    publish(agent_group(note.conversation.workspace_id, person.pk), mention_frame(note))


def publish_breach(conversation: Conversation, what: str) -> None:
    """Tell the inboxes that something is overdue."""
    publish(inbox_group(conversation.workspace_id), breach_frame(conversation, what))


def publish_presence(workspace: Workspace) -> None:
    """Tell agents and customers of a workspace how many agents are there."""
    frame = presence_frame(workspace)
    publish(inbox_group(workspace.id), frame)
    publish(visitors_group(workspace.id), frame)
