"""Which conversations an agent wants to see, as the inbox's address says it.

`static/dashboard/filters.js` says the same of a single row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Self

from django.db.models import F, Q, QuerySet
from django.http import QueryDict
from django.utils.dateparse import parse_date

from supportbot.chat.models import Conversation, Participant
from supportbot.chat.refusals import Refused
from supportbot.workspaces.models import User, Workspace

NONE, ME = "none", "me"
Values = Sequence[str]


def _ids(values: Values) -> list[int]:
    wrong = [value for value in values if not value.isdecimal() or len(value) > 18]
    if wrong:
        raise Refused("bad_filter", f"{wrong[0]:.40} is not the number of a row.")
    return [int(value) for value in values]


def _one_of(path: str, values: Values) -> Q:
    """Any of these rows, or none at all."""
    listed = Q(**{f"{path}__in": _ids([value for value in values if value != NONE])})
    return listed | Q(**{f"{path}__isnull": True}) if NONE in values else listed


def _labelled(values: Values) -> Q:
    carried = Conversation.labels.through._default_manager.filter(label__in=_ids(values))
    return Q(id__in=carried.values("conversation"))


def _due(values: Values) -> Q:
    return Q(reply_alarm__in=values) | Q(resolution_alarm__in=values)


def _with_participant(values: Values) -> Q:
    return Q(id__in=Participant.objects.filter(user__in=_ids(values)).values("conversation"))


CHOSEN: dict[str, Callable[[Values], Q]] = {
    "channel": lambda values: Q(channel__in=values),
    "status": lambda values: Q(status__in=values),
    "priority": lambda values: Q(priority__in=values),
    "category": lambda values: Q(category__in=values),
    "language": lambda values: Q(spoken__in=values),
    "assignee": lambda values: _one_of("assignee", values),
    "team": lambda values: _one_of("team", values),
    "label": _labelled,
    "participant": _with_participant,
    "due": _due,
}
PEOPLE = ("assignee", "participant")  # of whom one may be `me`
RANGES = {
    "created_from": ("created_at__gte", 0),
    "created_to": ("created_at__lt", 1),
    "active_from": ("active_at__gte", 0),
    "active_to": ("active_at__lt", 1),
}
UNREAD = ~Q(handler=Conversation.Handler.BOT) & Q(last_seq__gt=F("read_seq"))


@dataclass(frozen=True)
class Filters:
    """All that was asked for; days are the workspace's own."""

    query: Q
    bounds: dict[str, datetime]
    names_status: bool

    @classmethod
    def parse(cls, asked: QueryDict, workspace: Workspace, user: User) -> Self:
        """Read an address; a value that can't be is refused, a name that is none is not looked at."""
        query = Q()
        for name, condition in CHOSEN.items():
            values = [str(user.pk) if name in PEOPLE and v == ME else v for v in asked.getlist(name) if v]
            query &= condition(values) if values else Q()
        days = {name: later for name, (_, later) in RANGES.items() if asked.get(name)}
        bounds = {name: _day(str(asked[name]), later, workspace) for name, later in days.items()}
        query &= Q(**{RANGES[name][0]: at for name, at in bounds.items()})
        query &= Q(contact__page__icontains=asked["page"]) if asked.get("page") else Q()
        query &= UNREAD if asked.get("unread") else Q()
        return cls(query, bounds, names_status=any(asked.getlist("status")))

    def narrow(self, rows: QuerySet[Conversation]) -> QuerySet[Conversation]:
        """Keep what was asked for."""
        return rows.filter(self.query)


def _day(text: str, later: int, workspace: Workspace) -> datetime:
    """The beginning of a day, or of the one after it."""
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None or day.year < 2000 or day.year > 3000:
        raise Refused("bad_filter", "A day is written as 2030-01-31.")
    return datetime.combine(day + timedelta(days=later), time(), workspace.zone)
