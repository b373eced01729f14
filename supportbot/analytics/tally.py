"""Which experts serve which category, over all of a workspace's generations by one checkpoint.

Sums only grow, so a cache keeps them and each look reads what is new; it forgets them after some minutes, because
conversations may be erased.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from django.core.cache import cache
from numpy.typing import NDArray

from inference.trace import RoutingTrace
from supportbot.chat.experts import Cell, Checkpoint, Expert, stored_trace
from supportbot.chat.models import Generation
from supportbot.workspaces.models import Workspace

KEEP = 600  # seconds
Stretch = Literal["words", "reply"]


@dataclass
class Sums:
    """For each category the messages [1], the sum of their shares [E], and how many each expert leads [E]."""

    last_id: int = 0
    damaged: int = 0
    messages: dict[str, int] = field(default_factory=dict)
    shares: dict[str, NDArray[np.float64]] = field(default_factory=dict)
    leads: dict[str, NDArray[np.int64]] = field(default_factory=dict)

    def add(self, category: str, share: NDArray[np.float32]) -> None:
        """Count one message, given the share [E] of its weight."""
        count = len(share)
        self.messages[category] = self.messages.get(category, 0) + 1
        self.shares[category] = self.shares.get(category, np.zeros(count)) + share
        leader = np.arange(count) == share.argmax()
        self.leads[category] = self.leads.get(category, np.zeros(count, np.int64)) + leader


@dataclass(frozen=True)
class Row:
    """An expert and its part of each category: (category, its messages) with the cell."""

    expert: Expert
    by_column: list[tuple[tuple[str, int], Cell]]


@dataclass(frozen=True)
class Table:
    """Expert by category; `columns` are categories with their number of messages."""

    version: str
    columns: list[tuple[str, int]]
    rows: list[Row]
    damaged: int

    @property
    def total(self) -> int:
        """Messages counted."""
        return sum(count for _, count in self.columns)


def table(workspace: Workspace, stretch: Stretch, checkpoint: Checkpoint) -> Table | None:
    """The table for the checkpoint that wrote last; None before anything was written."""
    with_model = Generation.objects.in_workspace(workspace).exclude(model_version="")
    version = with_model.order_by("-id").values_list("model_version", flat=True).first()
    if version is None:
        return None
    sums = _sums(workspace, stretch, version)
    columns = sorted(sums.messages.items())
    ours, _, writer = version.partition("+")  # the engine that wrote, if it was not ours: its experts have no cards
    known = checkpoint.version == ours and not (writer and stretch == "reply")
    named = checkpoint if known else Checkpoint()
    count = max((len(share) for share in sums.shares.values()), default=0)
    rows = [Row(expert, _cells(sums, expert, columns)) for expert in named.experts(count)]
    return Table(version, columns, rows, sums.damaged)


def _cells(sums: Sums, expert: Expert, columns: list[tuple[str, int]]) -> list[tuple[tuple[str, int], Cell]]:
    return [
        (
            (name, count),
            Cell(expert, float(sums.shares[name][expert.number] / count), int(sums.leads[name][expert.number])),
        )
        for name, count in columns
    ]


def _sums(workspace: Workspace, stretch: Stretch, version: str) -> Sums:
    key = f"expert-tally:{workspace.pk}:{stretch}:{version}"
    sums: Sums = cache.get(key) or Sums()
    column = "reading" if stretch == "words" else "routing"
    rows = Generation.objects.in_workspace(workspace).filter(model_version=version, id__gt=sums.last_id)
    rows = rows.exclude(in_reply_to__category="").exclude(**{column: b""}).order_by("id")
    for last_id, category, data in rows.values_list("id", "in_reply_to__category", column).iterator():
        sums.last_id = last_id
        try:
            trace = stored_trace(data)
        except ValueError:
            sums.damaged += 1
            continue
        sums.add(category, _shown(trace, stretch).share.mean(axis=0))
    cache.set(key, sums, KEEP)
    return sums


def _shown(trace: RoutingTrace, stretch: Stretch) -> RoutingTrace:
    return trace if stretch == "words" else trace.part(slice(trace.prompt_tokens, None))
