"""The admin's front page: how today goes in the workspaces that somebody administers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from urllib.parse import urlencode

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from supportbot.analytics.first_steps import FirstSteps, first_steps
from supportbot.billing.models import Notice, Subscription
from supportbot.billing.telling import told_in
from supportbot.chat.experts import Checkpoint, installed
from supportbot.chat.models import Conversation, Message, Rating, RoutingAlert
from supportbot.workspaces.models import User, Workspace

LATEST = 8
ALERTS = 5
RATED = timedelta(days=30)


@dataclass(frozen=True)
class Count:
    """A number with what it counts and where the rows are."""

    name: str
    value: int | str
    note: str
    url: str


@dataclass(frozen=True)
class Overview:
    """Numbers of today, the latest conversations, the checkpoint that answers, what its routing and plans raise."""

    counts: list[Count]
    latest: QuerySet[Conversation]
    checkpoint: Checkpoint
    alerts: QuerySet[RoutingAlert]
    first_steps: list[FirstSteps]
    notices: list[tuple[Notice, str]]
    past_due: QuerySet[Subscription]

    @classmethod
    def of(cls, user: AbstractBaseUser | AnonymousUser) -> Self:
        """What this administrator may see."""
        assert isinstance(user, User)
        workspaces = user.administers()
        conversations = Conversation.objects.in_workspaces(workspaces)
        counts = _counts(conversations, Message.objects.in_workspaces(workspaces))
        counts.append(_satisfied(Rating.objects.in_workspaces(workspaces)))
        latest = conversations.select_related("contact", "assignee", "workspace")[:LATEST]
        alerts = RoutingAlert.objects.in_workspaces(workspaces).filter(until=None).select_related("workspace")[:ALERTS]
        return cls(counts, latest, installed(), alerts, first_steps(user), told_in(workspaces), _past_due(workspaces))


def _past_due(workspaces: QuerySet[Workspace]) -> QuerySet[Subscription]:
    rows = Subscription.objects.in_workspaces(workspaces).filter(state=Subscription.State.PAST_DUE)
    return rows.select_related("workspace", "plan")[:ALERTS]


def _counts(conversations: QuerySet[Conversation], messages: QuerySet[Message]) -> list[Count]:
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    today = {"created_at__gte": midnight}
    asked = messages.filter(author=Message.Author.CUSTOMER, **today)
    answered = asked.filter(outcome=Message.Outcome.ANSWERED)
    handed_off = asked.filter(outcome=Message.Outcome.HANDED_OFF)
    waiting = conversations.filter(handler=Conversation.Handler.QUEUE)
    since = {"created_at__gte": midnight.isoformat()}
    return [
        Count("Conversations", conversations.filter(**today).count(), "begun today", _rows("conversation", since)),
        Count(
            "Answered", answered.count(), "messages, by the assistant", _rows("message", {"outcome__exact": "answered"})
        ),
        Count(
            "Handed off", handed_off.count(), "messages, to people", _rows("message", {"outcome__exact": "handed_off"})
        ),
        Count("Waiting", waiting.count(), "for an agent now", _rows("conversation", {"handler__exact": "queue"})),
    ]


def _satisfied(ratings: QuerySet[Rating]) -> Count:
    recent = ratings.filter(created_at__gte=timezone.now() - RATED)
    given, positive = recent.count(), recent.filter(score__gte=Rating.POSITIVE).count()
    value = f"{positive / given:.0%}" if given else "–"
    return Count("Satisfied", value, f"4 or 5 of 5, of {given} ratings in 30 days", _rows("rating", {}))


def _rows(model: str, filters: dict[str, str]) -> str:
    return f"{reverse(f'admin:chat_{model}_changelist')}?{urlencode(filters)}"
