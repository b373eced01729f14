"""A workspace's routing over some days, read from the daily sums. Knows no trace and no thresholds.

Letters: n rows, W the numbers of a row, E experts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple, Self

import numpy as np
from django.db import models
from django.utils import timezone
from numpy.typing import NDArray

from supportbot.chat.models import RoutingDay
from supportbot.chat.routed import MILLION, unpack
from supportbot.workspaces.models import Workspace
from supportbot.workspaces.scoping import ScopedQuerySet

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
WORDS = RoutingDay.Stretch.WORDS


class Line(NamedTuple):
    """What a row says beside its sums."""

    day: date
    category: str
    messages: int
    strays: int


@dataclass(frozen=True)
class Sum:
    """Rows added up: messages, strays, and the numbers of `RoutingDay.sums`."""

    experts: int
    messages: int
    strays: int
    sums: Counts

    @property
    def shares(self) -> Floats:
        """Each expert's share of the router's weight, added up over the messages [E]."""
        return self.sums[: self.experts] / MILLION

    @property
    def share(self) -> Floats:
        """The same, mean of the messages [E]."""
        return self.shares / max(1, self.messages)

    @property
    def leads(self) -> Counts:
        """How many messages each expert led [E]."""
        return self.sums[self.experts : 2 * self.experts]

    @property
    def chosen(self) -> Counts:
        """How often a token chose each expert [E]."""
        return self.sums[2 * self.experts : 3 * self.experts]

    @property
    def together(self) -> Counts:
        """How often two experts served the same token in a layer [E, E]; an expert with itself 0."""
        found = np.zeros((self.experts, self.experts), np.int64)
        found[np.triu_indices(self.experts, 1)] = self.sums[3 * self.experts :]
        return found + found.T


@dataclass(frozen=True)
class Rows:
    """The rows of one stretch: their lines, and their numbers [n, W]."""

    experts: int
    lines: Sequence[Line]
    sums: Counts

    def add(self, indexes: Sequence[int]) -> Sum:
        """Some of them added up."""
        messages, strays = (sum(getattr(self.lines[i], name) for i in indexes) for name in ("messages", "strays"))
        return Sum(self.experts, messages, strays, self.sums[list(indexes)].sum(axis=0))


@dataclass(frozen=True)
class Period:
    """The rows of one checkpoint from `first` to `last`, both included, by stretch."""

    first: date
    last: date
    rows: Mapping[str, Rows]

    @classmethod
    def of(cls, workspace: Workspace, version: str, *, days: int) -> Self:
        """The last `days` (UTC), today included."""
        first, last = _bounds(days, ago=0)
        found: dict[str, list[tuple[Line, Counts]]] = {}
        names = ("stretch", "sums", "day", "category", "messages", "strays")
        ours = _between(workspace, version, first, last).order_by("day").values_list(*names)
        for stretch, sums, *line in ours.iterator(chunk_size=2000):
            found.setdefault(stretch, []).append((Line(*line), unpack(sums)))
        return cls(first, last, {stretch: _rows(pairs) for stretch, pairs in found.items()})

    @property
    def experts(self) -> int:
        """How many there are."""
        return max((rows.experts for rows in self.rows.values()), default=0)

    def by_category(self, stretch: str) -> dict[str, Sum]:
        """The sums of each category, in the order of their names."""
        groups: dict[str, list[int]] = {}
        for index, line in enumerate(self._lines(stretch)):
            groups.setdefault(line.category, []).append(index)
        return {name: self.rows[stretch].add(groups[name]) for name in sorted(groups)}

    def total(self) -> list[Sum]:
        """Everything, by stretch."""
        return [rows.add(range(len(rows.lines))) for rows in self.rows.values()]

    def steps(self, stretch: str) -> list[tuple[str, Sum | None]]:
        """Days up to a fortnight, weeks up to a quarter, else months: each with its name and sum, the oldest first."""
        length = (self.last - self.first).days + 1
        days = [self.first + timedelta(days=offset) for offset in range(length)]
        groups: dict[str, list[int]] = {_name(day, length): [] for day in days}
        for index, line in enumerate(self._lines(stretch)):
            groups[_name(line.day, length)].append(index)
        return [(name, self.rows[stretch].add(found) if found else None) for name, found in groups.items()]

    def _lines(self, stretch: str) -> Sequence[Line]:
        return self.rows[stretch].lines if stretch in self.rows else []


def messages_before(workspace: Workspace, version: str, *, days: int) -> dict[str, int]:
    """How many messages each category had in as many days before the last `days`."""
    rows = _between(workspace, version, *_bounds(days, ago=days)).filter(stretch=WORDS)
    return dict(rows.order_by().values_list("category").annotate(total=models.Sum("messages")))


def versions(workspace: Workspace) -> list[str]:
    """The checkpoints that were counted here, the newest first."""
    rows = RoutingDay.objects.in_workspace(workspace).order_by().values("version")
    latest = rows.annotate(last=models.Max("day"), newest=models.Max("id")).order_by("-last", "-newest")
    return list(latest.values_list("version", flat=True))


def _bounds(days: int, *, ago: int) -> tuple[date, date]:
    last = timezone.now().date() - timedelta(days=ago)
    return last - timedelta(days=days - 1), last


def _between(workspace: Workspace, version: str, first: date, last: date) -> ScopedQuerySet[RoutingDay]:
    return RoutingDay.objects.in_workspace(workspace).filter(version=version, day__range=(first, last))


def _rows(pairs: Sequence[tuple[Line, Counts]]) -> Rows:
    """Rows of one stretch, which has one writer and so one number of experts: W is E * (E + 5) / 2."""
    sums = np.stack([row for _, row in pairs])
    experts = int((np.sqrt(25 + 8 * sums.shape[1]) - 5) / 2 + 0.5)
    return Rows(experts, [line for line, _ in pairs], sums)


def _name(day: date, length: int) -> str:
    if length <= 14:
        return f"{day:%-d %b}"
    return f"{day - timedelta(days=day.weekday()):%-d %b}" if length <= 100 else f"{day:%b %y}"
