"""By when people have to answer and to resolve a conversation, by the policy that holds for it.

Due times follow from the row and the policies alone, so they are set anew whenever the row is saved.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.db.models import Q
from django.utils import timezone

from supportbot.chat import milestones
from supportbot.chat.models import Conversation, Message, Milestone, SlaPolicy
from supportbot.workspaces.hours import Hours

Status, Handler, Alarm = Conversation.Status, Conversation.Handler, Conversation.Alarm


def refresh(conversation: Conversation) -> None:
    """Set the due times of a conversation that is about to be saved; what people don't have is not due."""
    is_live = conversation.handler != Handler.BOT and conversation.status != Status.RESOLVED
    conversation.with_people_since = (conversation.with_people_since or timezone.now()) if is_live else None
    reply, resolution = _due(conversation) if is_live else (None, None)
    _set(conversation, "reply", reply)
    _set(conversation, "resolution", resolution)


def policy_for(conversation: Conversation) -> SlaPolicy | None:
    """The most specific policy that holds for its team and priority."""
    of_team, of_priority = Q(team=None) | Q(team=conversation.team_id), Q(priority__in=["", conversation.priority])
    policies = SlaPolicy.objects.in_workspace(conversation.workspace).filter(of_team, of_priority)
    return max(policies, key=lambda policy: policy.rank, default=None)


def is_first(conversation: Conversation) -> bool:
    """Whether no person has answered yet since the conversation began, or began anew."""
    answers = conversation.messages.filter(author=Message.Author.AGENT, seq__gt=conversation.context_seq)
    return not answers.exists()


def _set(conversation: Conversation, clock: str, due_at: datetime | None) -> None:
    """A clock that ends tells whether it was kept; that it ran out, the alarm may have told before."""
    due, alarm = f"{clock}_due_at", f"{clock}_alarm"
    before = getattr(conversation, due)
    if due_at == before:
        return
    if before and not due_at and getattr(conversation, alarm) != Alarm.BREACHED:
        kind = Milestone.Kind.KEPT if timezone.now() <= before else Milestone.Kind.MISSED
        milestones.note(conversation, kind, clock)
    setattr(conversation, due, due_at)
    setattr(conversation, alarm, "")


def _due(conversation: Conversation) -> tuple[datetime | None, datetime | None]:
    policy = policy_for(conversation)
    if policy is None:
        return None, None
    hours = (conversation.team or conversation.workspace).hours() if policy.in_business_hours else None
    reply = policy.first_minutes if is_first(conversation) else policy.next_minutes
    return (
        _after(conversation.waiting_since, reply, hours),
        _after(conversation.with_people_since, policy.resolution_minutes, hours),
    )


def _after(since: datetime | None, minutes: int | None, hours: Hours | None) -> datetime | None:
    if since is None or minutes is None:
        return None
    span = timedelta(minutes=minutes)
    due = hours.after(since, span) if hours else since + span
    return due and due.astimezone(UTC)
