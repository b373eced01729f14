"""The tables of the page over all conversations: who serves what, when, with whom, and what has changed.

Letters: C categories, E experts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
from django.utils import timezone

from supportbot.analytics.routing import watch
from supportbot.analytics.routing.baseline import baseline_of
from supportbot.analytics.routing.sums import WORDS, Period, Sum, messages_before
from supportbot.analytics.routing.watch import DEAD_BELOW, OVERLOADED_FROM, Drift
from supportbot.chat.experts import Cell, Checkpoint, Expert
from supportbot.chat.models import Routed, RoutingAlert
from supportbot.chat.routed import TRACES
from supportbot.workspaces.models import Workspace

PERIODS = {7: "7 days", 28: "4 weeks", 91: "13 weeks", 365: "a year"}
STRAYS = 20


@dataclass(frozen=True)
class Table:
    """Experts in rows; `columns` are names with their number of messages, `rows` an expert with its cells."""

    columns: list[tuple[str, int]]
    rows: list[tuple[Expert, list[tuple[str, int, Cell]]]]

    @classmethod
    def of(cls, columns: Sequence[tuple[str, Sum | None]], experts: Sequence[Expert]) -> Table:
        """Each column's share of the router's weight."""
        shown = [(name, one.messages if one else 0) for name, one in columns]
        rows = [(expert, [_cell(name, one, expert) for name, one in columns]) for expert in experts]
        return cls(shown, rows)

    @property
    def total(self) -> int:
        """Messages counted."""
        return sum(count for _, count in self.columns)


@dataclass(frozen=True)
class Load:
    """How much of the work an expert does: 1 is an even share."""

    expert: Expert
    load: float
    chosen: int
    is_judged: bool

    @property
    def verdict(self) -> str:
        """What the thresholds say; `quiet` and `heavy` are the words of the page for dead and overloaded."""
        if not self.is_judged:
            return "too few messages to tell"
        if self.load < DEAD_BELOW:
            return "dead: next to no work"
        return "overloaded" if self.load >= OVERLOADED_FROM else "in range"

    @property
    def is_fine(self) -> bool:
        """Whether it needs no look."""
        return not self.is_judged or DEAD_BELOW <= self.load < OVERLOADED_FROM


@dataclass(frozen=True)
class Together:
    """An expert's partners: of the tokens that it served, the part that each other served, too."""

    expert: Expert
    cells: list[tuple[Expert, Cell | None]]


@dataclass(frozen=True)
class Overall:
    """All of the page for one checkpoint and some days."""

    period: Period
    experts: list[Expert]
    by_category: Table
    over_time: Table
    loads: list[Load]
    together: list[Together]
    training: Drift | None
    change: Drift
    routing: list[tuple[Expert, float, float]]
    routing_drift: Drift | None
    strays: int
    judged: int

    @classmethod
    def of(cls, workspace: Workspace, version: str, checkpoint: Checkpoint, *, days: int, stretch: str) -> Overall:
        """Read the sums of the days and those of as many before."""
        period = Period.of(workspace, version, days=days)
        experts = checkpoint.experts(period.experts)
        now = period.by_category(WORDS)
        known = baseline_of(version)
        drift = watch.routing_drift(period, version)
        judged = sum(one.messages for one in now.values())
        return cls(
            period=period,
            experts=experts,
            by_category=Table.of(list(period.by_category(stretch).items()), experts),
            over_time=Table.of(period.steps(stretch), experts),
            loads=_loads(period, experts, is_judged=judged >= watch.LEAST),
            together=_together(period, experts),
            training=watch.mix_drift(now, known.messages) if known else None,
            change=watch.mix_drift(now, messages_before(workspace, version, days=days)),
            routing=[(experts[int(number)], here, there) for number, here, there in drift.rows] if drift else [],
            routing_drift=drift,
            strays=sum(one.strays for one in now.values()),
            judged=judged,
        )


def stray_lines(workspace: Workspace, days: int) -> list[Routed]:
    """The latest messages whose routing does not fit their category, with what was said."""
    rows = Routed.objects.in_workspace(workspace).filter(is_stray=True)
    rows = rows.select_related("generation__in_reply_to__conversation__contact").defer(*TRACES)
    rows = rows.order_by("-generation")[:STRAYS]
    since = timezone.now() - timedelta(days=days)
    return [row for row in rows if row.generation.created_at >= since]


def alerts(workspace: Workspace, checkpoint: Checkpoint) -> list[tuple[RoutingAlert, Expert | None]]:
    """The alarms that are open, each with the expert that it is about."""
    rows = RoutingAlert.objects.in_workspace(workspace).filter(until=None)
    named = checkpoint.experts(256)
    return [(row, named[int(row.subject)] if row.subject else None) for row in rows]


def _cell(name: str, one: Sum | None, expert: Expert) -> tuple[str, int, Cell]:
    if one is None or expert.number >= one.experts:
        return name, one.messages if one else 0, Cell(expert, 0.0, 0)
    return name, one.messages, Cell(expert, float(one.share[expert.number]), int(one.leads[expert.number]))


def _loads(period: Period, experts: Sequence[Expert], *, is_judged: bool) -> list[Load]:
    chosen = watch.chosen_of(period).tolist()
    return [
        Load(expert, load, count, is_judged)
        for expert, load, count in zip(experts, watch.loads(period).tolist(), chosen, strict=True)
    ]


def _together(period: Period, experts: Sequence[Expert]) -> list[Together]:
    ours = [one.together for one in period.total() if one.experts == period.experts]
    counts = np.asarray(sum(ours[1:], ours[0]) if ours else np.zeros((0, 0)))
    parts = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return [
        Together(
            one,
            [
                (other, None if one is other else Cell(other, float(parts[i, j]), int(counts[i, j])))
                for j, other in enumerate(experts)
            ],
        )
        for i, one in enumerate(experts)
    ]
