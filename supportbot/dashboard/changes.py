"""What an agent may do to a conversation, as frames name it: each kind with its service and its fields."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

import structlog
from django.utils.dateparse import parse_datetime

from supportbot.chat import organising, participants, services
from supportbot.chat.events import Frame
from supportbot.chat.refusals import Refused
from supportbot.chat.socket import flag_of, seq_of, text_of, uuid_of
from supportbot.dashboard.desk import Desk
from supportbot.workspaces.models import User

log = structlog.get_logger(__name__)
AT_ONCE = 100  # conversations of one frame


def _time_of(frame: Frame, name: str) -> datetime:
    try:
        at = parse_datetime(text_of(frame, name))
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise Refused("bad_frame", f"{name} must be a time with its zone, as 2030-01-31T09:00:00+01:00.")
    return at


def _id_of(frame: Frame, name: str) -> int | None:
    return None if frame.get(name, "") is None else seq_of({name: "", **frame}, name)


CHANGES: dict[str, tuple[Callable[..., object], Callable[[Frame], dict[str, Any]]]] = {
    "conversation.resolve": (services.resolve, lambda frame: {}),
    "conversation.prioritise": (organising.prioritise, lambda frame: {"priority": text_of(frame, "priority")}),
    "conversation.label": (
        organising.label,
        lambda frame: {"label_id": seq_of({"label": "", **frame}, "label"), "on": flag_of(frame, "on")},
    ),
    "conversation.assign": (organising.assign, lambda frame: {"to_id": _id_of(frame, "agent")}),
    "conversation.route": (organising.route, lambda frame: {"team_id": _id_of(frame, "team")}),
    "conversation.snooze": (organising.snooze, lambda frame: {"until": _time_of(frame, "until")}),
    "conversation.follow": (participants.follow, lambda frame: {"on": flag_of(frame, "on")}),
    "conversation.wake": (organising.wake, lambda frame: {}),
    "conversation.spam": (organising.mark_spam, lambda frame: {"on": flag_of(frame, "on")}),
    "contact.block": (organising.block, lambda frame: {"on": flag_of(frame, "on")}),
}


def change_of(frame: Frame, agent: User) -> Callable[[UUID], object]:
    """What the frame asks for, to be done to a conversation of this id."""
    service, fields = CHANGES[frame["type"]]
    done = partial(service, agent=agent, **fields(frame))
    return lambda conversation_id: done(conversation_id=conversation_id)


def change_all(desk: Desk, conversation_ids: list[UUID], frame: Frame) -> Frame:
    """Do to each what the frame asks for, one transaction after the other; what was done, and what was refused why."""
    change = change_of(frame, desk.user)
    refused = []
    for conversation_id in conversation_ids:
        try:
            change(desk.conversation(conversation_id).id)
        except Refused as refusal:
            refused.append({"conversation": str(conversation_id), "message": str(refusal)})
        except Exception:
            log.exception("change failed", command=frame["type"], conversation=str(conversation_id))
            refused.append({"conversation": str(conversation_id), "message": "Something went wrong on our side."})
    return {"type": "bulk.done", "done": len(conversation_ids) - len(refused), "refused": refused}


def bulk_of(frame: Frame) -> tuple[list[UUID], Frame]:
    """The conversations and the change that a `bulk` frame names."""
    ids, change = frame.get("conversations"), frame.get("change")
    if not isinstance(ids, list) or not 0 < len(ids) <= AT_ONCE:
        raise Refused("bad_frame", f"conversations must be a list of 1 to {AT_ONCE} ids.")
    if not isinstance(change, dict) or change.get("type") not in CHANGES:
        raise Refused("bad_frame", "change must be what can be done to one conversation.")
    return [uuid_of({"id": one}, "id") for one in dict.fromkeys(map(str, ids))], change
