"""Tells the agents what is due soon and what is overdue: each once, by the sweep."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from supportbot.chat import events, milestones, sla, transcript
from supportbot.chat.models import Conversation, Milestone

SOON = timedelta(minutes=15)
AT_ONCE = 500  # conversations that one sweep looks at
CLOCKS = ("reply", "resolution")
Alarm = Conversation.Alarm


def raise_alarms() -> None:
    """Mark what has come near its due time or has passed it, and tell the inboxes."""
    now = timezone.now()
    for clock in CLOCKS:
        due, alarm = f"{clock}_due_at", f"{clock}_alarm"
        is_over = Q(**{f"{due}__lte": now}) & ~Q(**{alarm: Alarm.BREACHED})
        is_near = Q(**{f"{due}__lte": now + SOON, alarm: ""})
        found = Conversation.objects.filter(is_over | is_near).order_by(due)
        for conversation_id in found.values_list("id", flat=True)[:AT_ONCE]:
            _raise_alarm(conversation_id, clock)


@transaction.atomic
def _raise_alarm(conversation_id: UUID, clock: str) -> None:
    """Look again under the lock: it may have been answered meanwhile."""
    conversation = transcript.locked(conversation_id)
    due, alarm = f"{clock}_due_at", f"{clock}_alarm"
    before = getattr(conversation, due), getattr(conversation, alarm)
    sla.refresh(conversation)
    setattr(conversation, alarm, _alarm(getattr(conversation, due)))
    if (getattr(conversation, due), getattr(conversation, alarm)) == before:
        return
    if getattr(conversation, alarm) == Alarm.BREACHED:
        milestones.note(conversation, Milestone.Kind.MISSED, clock)
        _tell(conversation, clock)
    transcript.save_among_agents(conversation)


def _alarm(due_at: datetime | None) -> str:
    now = timezone.now()
    if due_at is None or due_at > now + SOON:
        return ""
    return Alarm.SOON if due_at > now else Alarm.BREACHED


def _tell(conversation: Conversation, clock: str) -> None:
    what = (
        "resolution" if clock == "resolution" else "first response" if sla.is_first(conversation) else "next response"
    )
    local = getattr(conversation, f"{clock}_due_at").astimezone(conversation.workspace.zone)
    where = conversation.workspace.time_zone
    transcript.note_activity(conversation, f"Overdue: the {what} was due on {local:%d %B %Y, %H:%M} ({where})")
    transaction.on_commit(partial(events.publish_breach, conversation, what))
