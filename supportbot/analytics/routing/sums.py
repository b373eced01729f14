"""A workspace's routing over some days, read from the daily sums. Knows no trace and no thresholds.

Letters: C categories, E experts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import reduce
from typing import Self, TypeVar

import numpy as np
from django.utils import timezone
from numpy.typing import NDArray

from supportbot.chat.models import RoutingDay
from supportbot.chat.routed import MILLION
from supportbot.workspaces.models import Workspace

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Number = TypeVar("Number", np.float64, np.int64)


@dataclass(frozen=True)
class Sum:
    """Rows added up: messages, strays, and of the experts the shares (in messages), leads and choices [E]."""

    messages: int = 0
    strays: int = 0
    shares: Floats = field(default_factory=lambda: np.zeros(0))
    leads: Counts = field(default_factory=lambda: np.zeros(0, np.int64))
    chosen: Counts = field(default_factory=lambda: np.zeros(0, np.int64))

    @classmethod
    def of(cls, row: RoutingDay) -> Self:
        """One row."""
        shares = np.asarray(row.shares, np.float64) / MILLION
        return cls(row.messages, row.strays, shares, np.asarray(row.leads, np.int64), np.asarray(row.chosen, np.int64))

    def __add__(self, other: Sum) -> Sum:
        if not other.messages or not self.messages:
            return other if not self.messages else self
        return Sum(
            self.messages + other.messages,
            self.strays + other.strays,
            _added_up(self.shares, other.shares),
            _added_up(self.leads, other.leads),
            _added_up(self.chosen, other.chosen),
        )

    @property
    def share(self) -> Floats:
        """Each expert's mean share of the router's weight [E]."""
        return self.shares / max(1, self.messages)


@dataclass(frozen=True)
class Period:
    """The rows of one checkpoint from `first` to `last`, both included."""

    first: date
    last: date
    rows: list[RoutingDay]

    @classmethod
    def of(cls, workspace: Workspace, version: str, *, days: int, ago: int = 0) -> Self:
        """The `days` that ended `ago` days before today (UTC)."""
        last = timezone.now().date() - timedelta(days=ago)
        first = last - timedelta(days=days - 1)
        ours = RoutingDay.objects.in_workspace(workspace).filter(version=version, day__range=(first, last))
        return cls(first, last, list(ours.order_by("day")))

    @property
    def experts(self) -> int:
        """How many there are."""
        return max((len(row.shares) for row in self.rows), default=0)

    def by_category(self, stretch: str) -> dict[str, Sum]:
        """The sums of each category, in the order of their names."""
        names = sorted({row.category for row in self.rows if row.stretch == stretch})
        return {name: self.total(stretch, category=name) for name in names}

    def total(self, stretch: str | None = None, *, category: str | None = None) -> Sum:
        """Everything, or one stretch or category."""
        chosen = (
            row
            for row in self.rows
            if (stretch is None or row.stretch == stretch) and (category is None or row.category == category)
        )
        return _added(chosen)

    def steps(self, stretch: str) -> list[tuple[str, Sum]]:
        """Days up to a fortnight, weeks up to a quarter, else months: each with its name and sum, the oldest first."""
        length = (self.last - self.first).days + 1
        found: dict[str, list[RoutingDay]] = {}
        for offset in range(length):
            found.setdefault(_name(self.first + timedelta(days=offset), length), [])
        for row in self.rows:
            if row.stretch == stretch:
                found[_name(row.day, length)].append(row)
        return [(name, _added(rows)) for name, rows in found.items()]

    def together(self) -> Counts:
        """How often two experts served the same token in a layer [E, E]; an expert with itself 0."""
        found = np.zeros((self.experts, self.experts), np.int64)
        for row in self.rows:
            for name, count in row.pairs.items():
                one, other = map(int, name.split("-"))
                found[one, other] += count
                found[other, one] += count
        return found


def versions(workspace: Workspace) -> list[str]:
    """The checkpoints that were counted here, the newest first."""
    rows = RoutingDay.objects.in_workspace(workspace).values_list("version", flat=True)
    return list(dict.fromkeys(rows.order_by("-day", "-id")[:2000]))


def _name(day: date, length: int) -> str:
    if length <= 14:
        return f"{day:%-d %b}"
    return f"{day - timedelta(days=day.weekday()):%-d %b}" if length <= 100 else f"{day:%b %y}"


def _added(rows: Iterable[RoutingDay]) -> Sum:
    return reduce(lambda one, two: one + two, (Sum.of(row) for row in rows), Sum())


def _added_up(one: NDArray[Number], other: NDArray[Number]) -> NDArray[Number]:
    """The sum of two rows, of which one may know fewer experts."""
    length = max(len(one), len(other))
    wide = [np.pad(values, (0, length - len(values))) for values in (one, other)]
    return np.asarray(wide[0] + wide[1], one.dtype)
