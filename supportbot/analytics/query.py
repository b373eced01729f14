"""Figures of one workspace: sums, splits and times over the cases of a period that match some filters.

Reads the packed days of a period once, however many figures are made of them. The backlog has no period: its cases are
read themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Q, QuerySet

from supportbot.analytics.columns import Columns, Sums, Times, packed
from supportbot.analytics.measures import DIMENSIONS, WHICH, label
from supportbot.analytics.models import Case, Day, Handler, Outcome
from supportbot.analytics.period import Period
from supportbot.chat.models import Conversation
from supportbot.workspaces.models import Workspace

NOW = "backlog"  # of WHICH: as it is at this moment, whenever it began
INTEGERS = {"team", "agent", "hour", "weekday"}
FIXED: dict[str, list[str]] = {
    "channel": Conversation.Channel.values,
    "handler": Handler.values,
    "outcome": Outcome.values,
}


@dataclass(frozen=True)
class Scope:
    """Which cases: of a workspace, of a period, with values of dimensions, and of a kind of WHICH."""

    workspace: Workspace
    period: Period
    filters: dict[str, str] = field(default_factory=dict)
    which: str = ""
    # what was read, by its first and last day; shared with every scope that is made of this one
    _days: dict[tuple[date, date], Columns] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def read(cls, workspace: Workspace, query: Mapping[str, str], today: date) -> Scope:
        """As an address has it; what no dimension knows is left out."""
        asked = {key: query[key] for key in DIMENSIONS if query.get(key, "*") != "*"}
        filters = {key: value for key, value in asked.items() if is_value(key, value)}
        which = query.get("which", "")
        return cls(workspace, Period.read(query, today), filters, which if which in WHICH else "")

    @cached_property
    def before(self) -> Scope:
        """The same of the period before."""
        return replace(self, period=self.period.before)

    def narrowed(self, key: str, value: object) -> Scope:
        """With one more filter."""
        return replace(self, filters={**self.filters, key: "" if value is None else str(value)})

    def of(self, which: str) -> Scope:
        """Only those of this kind."""
        return replace(self, which=which)

    @property
    def address(self) -> str:
        """The part of an address after `?`."""
        own = {"workspace": self.workspace.slug, **self.period.query, **self.filters}
        return urlencode({**own, "which": self.which} if self.which else own)

    def cases(self) -> QuerySet[Case]:
        """The cases themselves."""
        days = {} if self.which == NOW else {"day__range": (self.period.start, self.period.end)}
        return Case.objects.in_workspace(self.workspace).filter(self._condition, **days)

    def sums(self) -> Sums:
        """All sums."""
        return self._columns.sums()[()]

    def by(self, *keys: str) -> dict[tuple[Any, ...], Sums]:
        """The sums for each combination of values of these dimensions."""
        return self._columns.sums(*(DIMENSIONS[key].column for key in keys))

    def by_step(self) -> dict[date, Sums]:
        """The sums for each bar of the period's chart; a bar without cases has none."""
        none = dict.fromkeys(Case.SUMS, 0)
        return {step: none for step in self.period.steps} | {
            step: sums for (step,), sums in self._stepped.sums("step").items()
        }

    def times(self, column: str, *keys: str) -> dict[tuple[Any, ...], Times]:
        """How long it took by this column, for each combination of values; without keys, in all under `()`."""
        return self._columns.times(column, *(DIMENSIONS[key].column for key in keys))

    def times_by_step(self, column: str) -> dict[date, Times]:
        """The same for each bar of the period's chart."""
        return {step: times for (step,), times in self._stepped.times(column, "step").items()}

    def label(self, key: str, value: object) -> str:
        """A value of a dimension in words."""
        return label(key, value, self._teams if key == "team" else self._agents if key == "agent" else {})

    def choices(self, key: str) -> dict[str, str]:
        """The values that a filter offers, with their words."""
        if key == "team":
            return {str(pk): name for pk, name in self._teams.items()}
        if key == "agent":
            return {str(pk): name for pk, name in self._agents.items()}
        if key in FIXED:
            return {value: self.label(key, value) for value in FIXED[key]}
        values = {*self._whole.values[DIMENSIONS[key].column], self.filters.get(key)}
        return dict(sorted(((v, self.label(key, v)) for v in values if v), key=lambda pair: pair[1]))

    @cached_property
    def _columns(self) -> Columns:
        return Columns.of(packed(self.cases())) if self.which == NOW else self._whole.where(self._condition)

    @cached_property
    def _stepped(self) -> Columns:
        return self._columns.with_coarser("step", "day", self.period.begin_of)

    @cached_property
    def _whole(self) -> Columns:
        """The period, whatever is filtered."""
        span = (self.period.start, self.period.end)
        if span not in self._days:
            days = Day.objects.in_workspace(self.workspace).filter(day__range=span).order_by("day")
            self._days[span] = Columns.of(days.values_list("day", "values", "numbers").iterator())
        return self._days[span]

    @cached_property
    def _teams(self) -> dict[int, str]:
        return dict(self.workspace.teams.values_list("id", "name"))

    @cached_property
    def _agents(self) -> dict[int, str]:
        members = self.workspace.members.select_related("user")
        return {member.user_id: str(member.user) for member in members}

    @property
    def _condition(self) -> Q:
        """What is asked of each case but its day, for the database and for columns."""
        wanted = {
            DIMENSIONS[key].column: (int(value) if value else None) if key in INTEGERS else value
            for key, value in self.filters.items()
        }
        return WHICH[self.which][1] & Q(**wanted)


def is_value(key: str, value: str) -> bool:
    """Whether the column can be compared with it."""
    if key in INTEGERS:
        return value == "" and key in ("team", "agent") or (value.isascii() and value.isdigit() and len(value) < 19)
    return value in FIXED.get(key, [value]) and len(value) <= 40 and "\x00" not in value
