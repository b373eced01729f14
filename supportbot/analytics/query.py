"""Figures of one workspace: sums, splits and distributions over the cases of a period that match some filters.

Reads the daily sums where they know every dimension that is asked for, else the cases; both give the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, F, QuerySet, Sum
from django.db.models.functions import TruncMonth, TruncWeek

from supportbot.analytics.measures import DIMENSIONS, WHICH, label
from supportbot.analytics.models import Case, Cell, Day, Handler, Outcome
from supportbot.analytics.period import Period
from supportbot.analytics.quantiles import Quantile
from supportbot.chat.models import Conversation
from supportbot.workspaces.models import Workspace

Sums = dict[str, int]
NOW = "backlog"  # of WHICH: as it is at this moment, whenever it began
INTEGERS = {"team", "agent", "hour", "weekday"}
STEPS = {"day": F("day"), "week": TruncWeek("day"), "month": TruncMonth("day")}
FIXED: dict[str, list[str]] = {
    "channel": Conversation.Channel.values,
    "handler": Handler.values,
    "outcome": Outcome.values,
}


@dataclass(frozen=True)
class Times:
    """How long cases took, in seconds to the digit; None without cases."""

    total: int = 0
    median: int | None = None
    ninth: int | None = None  # at or below which 9 of 10 are


@dataclass(frozen=True)
class Scope:
    """Which cases: of a workspace, of a period, with values of dimensions, and of a kind of WHICH."""

    workspace: Workspace
    period: Period
    filters: dict[str, str] = field(default_factory=dict)
    which: str = ""

    @classmethod
    def read(cls, workspace: Workspace, query: Mapping[str, str], today: date) -> Scope:
        """As an address has it; what no dimension knows is left out."""
        asked = {key: query[key] for key in DIMENSIONS if query.get(key, "*") != "*"}
        filters = {key: value for key, value in asked.items() if is_value(key, value)}
        which = query.get("which", "")
        return cls(workspace, Period.read(query, today), filters, which if which in WHICH else "")

    @property
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
        return Case.objects.in_workspace(self.workspace).filter(WHICH[self.which][1], **self._conditions)

    def sums(self) -> Sums:
        """All sums."""
        return self.by().get((), dict.fromkeys(Cell.SUMS, 0))

    def by(self, *keys: str) -> dict[tuple[Any, ...], Sums]:
        """The sums for each combination of values of these dimensions."""
        columns = [DIMENSIONS[key].column for key in keys]
        is_known = set(columns) <= set(Cell.DIMENSIONS)
        found: dict[tuple[Any, ...], Sums] = {}
        for row in self._cells if is_known else _summed(self.cases(), columns):
            own = found.setdefault(tuple(row[column] for column in columns), dict.fromkeys(Cell.SUMS, 0))
            for name in Cell.SUMS:
                own[name] += row[name]
        return found

    @cached_property
    def _cells(self) -> list[dict[str, Any]]:
        """The sums for each combination that the daily sums know: read once, however often a page splits them."""
        return list(_summed(self._source, Cell.DIMENSIONS))

    def by_step(self) -> dict[date, Sums]:
        """The sums for each bar of the period's chart; a bar without cases has none."""
        steps: dict[date, Sums] = {step: dict.fromkeys(Cell.SUMS, 0) for step in self.period.steps}
        for row in _summed(self._source.annotate(step=STEPS[self.period.step]), ("step",)):
            steps[self.period.begin_of(row.pop("step"))] = row
        return steps

    def times(self, *columns: str) -> dict[str, Times]:
        """How long it took, for each of these columns."""
        return _times(self.cases().aggregate(**_reckoned(columns)), columns)

    def times_by(self, keys: Collection[str], *columns: str) -> dict[tuple[Any, ...], dict[str, Times]]:
        """The same for each combination of values."""
        split = [DIMENSIONS[key].column for key in keys]
        rows = self.cases().values(*split).order_by().annotate(**_reckoned(columns))
        return {tuple(row[name] for name in split): _times(row, columns) for row in rows}

    def times_by_step(self, column: str) -> dict[date, Times]:
        """The same for each bar of the period's chart."""
        rows = self.cases().values(step=STEPS[self.period.step]).order_by().annotate(**_reckoned((column,)))
        return {self.period.begin_of(row["step"]): _times(row, (column,))[column] for row in rows}

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
        values = {*(cell[DIMENSIONS[key].column] for cell in self._unfiltered), self.filters.get(key)}
        return dict(sorted(((v, self.label(key, v)) for v in values if v), key=lambda pair: pair[1]))

    @cached_property
    def _unfiltered(self) -> list[dict[str, Any]]:
        """The cells of the period, whatever is filtered."""
        is_narrow = self.filters or self.which
        return replace(self, filters={}, which="")._cells if is_narrow else self._cells

    @cached_property
    def _teams(self) -> dict[int, str]:
        return dict(self.workspace.teams.values_list("id", "name"))

    @cached_property
    def _agents(self) -> dict[int, str]:
        members = self.workspace.members.select_related("user")
        return {member.user_id: str(member.user) for member in members}

    @property
    def _conditions(self) -> dict[str, Any]:
        own = {DIMENSIONS[key].column: value for key, value in self.filters.items()}
        none = {f"{name}__isnull": True for name, value in own.items() if name.endswith("_id") and value == ""}
        kept = {name: value for name, value in own.items() if f"{name}__isnull" not in none}
        days = {} if self.which == NOW else {"day__range": (self.period.start, self.period.end)}
        return {**kept, **none, **days}

    @property
    def _source(self) -> QuerySet[Any]:
        if self.which or not all(DIMENSIONS[key].column in Cell.DIMENSIONS for key in self.filters):
            return self.cases()
        return Day.objects.in_workspace(self.workspace).filter(**self._conditions)


def is_value(key: str, value: str) -> bool:
    """Whether the column can be compared with it."""
    if key in INTEGERS:
        return value == "" and key in ("team", "agent") or (value.isascii() and value.isdigit() and len(value) < 19)
    return value in FIXED.get(key, [value]) and len(value) <= 40 and "\x00" not in value


def _summed(rows: QuerySet[Any], columns: Collection[str]) -> Iterator[dict[str, Any]]:
    """A row for each combination of the columns' values, with all sums."""
    reckoned = rows.values(*columns).order_by().annotate(**{f"sum_{name}": Sum(name) for name in Cell.SUMS})
    return ({name.removeprefix("sum_"): value for name, value in row.items()} for row in reckoned)


def _reckoned(columns: Collection[str]) -> dict[str, Any]:
    """What the database reckons of each column."""
    return {
        f"{part}_{name}": aggregate
        for name in columns
        for part, aggregate in (
            ("total", Count(name)),
            ("median", Quantile(name, 0.5)),
            ("ninth", Quantile(name, 0.9)),
        )
    }


def _times(row: Mapping[str, Any], columns: Collection[str]) -> dict[str, Times]:
    return {name: Times(row[f"total_{name}"], row[f"median_{name}"], row[f"ninth_{name}"]) for name in columns}
