"""Sums of each day's routing: counts every reply once, forgets old traces, and counts again on demand.

What a page needs of many conversations it reads from `RoutingDay`, so its cost does not grow with history.
Letters: E experts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import combinations
from typing import Any

import numpy as np
from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from numpy.typing import NDArray

from inference.trace import RoutingTrace
from supportbot.analytics.routing.baseline import Baseline, baseline_of
from supportbot.chat.experts import stored_trace
from supportbot.chat.models import ComparedReply, Generation, Routed, RoutingDay, WhatIf
from supportbot.chat.routed import MILLION, pack, unpack, width
from supportbot.workspaces.models import Workspace

BATCH = 500
LEAST_WORDS = 4  # tokens; fewer tell nothing of what a message is about
Key = tuple[int, date, str, str, str]  # workspace, day, version, stretch, category
WORDS, REPLY = RoutingDay.Stretch.WORDS, RoutingDay.Stretch.REPLY
Sums = NDArray[np.int64]


@dataclass
class Delta:
    """What some messages add to a row; `sums` as `RoutingDay` has them."""

    experts: int
    messages: int = 0
    strays: int = 0
    sums: Sums = field(init=False)

    def __post_init__(self) -> None:
        self.sums = np.zeros(width(self.experts), np.int64)

    def add(self, trace: RoutingTrace, *, is_stray: bool) -> None:
        """Count one message."""
        share, e = trace.share.mean(axis=0), self.experts
        self.messages += 1
        self.strays += is_stray
        self.sums[:e] += np.rint(share * MILLION).astype(np.int64)
        self.sums[e + int(share.argmax())] += 1
        self.sums[2 * e : 3 * e] += trace.counts.sum(axis=0)
        self.sums[3 * e :] += _pairs(trace)

    def save(self, key: Key) -> None:
        """Add it to the row, which is locked meanwhile."""
        names = ("workspace_id", "day", "version", "stretch", "category")
        named: dict[str, Any] = dict(zip(names, key, strict=True))
        new = {"experts": self.experts, "sums": pack(np.zeros_like(self.sums))}
        row, _ = RoutingDay.objects.select_for_update().get_or_create(**named, defaults=new)
        row.messages += self.messages
        row.strays += self.strays
        row.sums = pack(unpack(row.sums) + self.sums)
        row.save()


@transaction.atomic
def count() -> set[int]:
    """Add up to `BATCH` replies that are not counted yet; the workspaces that they are of."""
    waiting = Generation.objects.select_for_update(of=("self",)).filter(traces=Generation.Traces.NEW)
    rows = list(waiting.select_related("message__conversation", "in_reply_to").order_by("id")[:BATCH])
    deltas: dict[Key, Delta] = {}
    lines = [line for row in rows if (line := _take(row, deltas))]
    for key, delta in sorted(deltas.items()):
        delta.save(key)
    Routed.objects.bulk_create(lines)
    Generation.objects.filter(id__in=[row.id for row in rows]).update(traces=Generation.Traces.COUNTED)
    return {row.message.conversation.workspace_id for row in rows}


def forget(now: datetime | None = None) -> int:
    """Delete the traces of single replies that are older than their workspace keeps them; how many."""
    today = datetime.combine((now or timezone.now()).date(), time(), timezone.get_default_timezone())
    deleted = 0
    for workspace in Workspace.objects.only("routing_days_kept"):
        counted = Generation.objects.in_workspace(workspace).filter(traces=Generation.Traces.COUNTED)
        old = counted.filter(created_at__lt=today - timedelta(days=workspace.routing_days_kept))
        while ids := list(old.values_list("id", flat=True)[:BATCH]):
            WhatIf.objects.filter(generation__in=ids).delete()
            ComparedReply.objects.filter(generation__in=ids).delete()
            empty = {"reading": b"", "routing": b"", "prompt": {}}
            deleted += Generation.objects.filter(id__in=ids).update(traces=Generation.Traces.DELETED, **empty)
    return deleted


def recount(workspace: Workspace, since: date) -> date:
    """Count a workspace's days anew from the replies themselves; the first day that could be.

    Days of which traces were deleted keep their sums.
    """
    ours = Generation.objects.in_workspace(workspace)
    gone = ours.filter(traces=Generation.Traces.DELETED).aggregate(last=Max("created_at"))["last"]
    first = max(since, gone.date() + timedelta(days=1)) if gone else since
    begin = datetime.combine(first, time(), timezone.get_default_timezone())
    with transaction.atomic():
        RoutingDay.objects.in_workspace(workspace).filter(day__gte=first).delete()
        again = ours.filter(traces=Generation.Traces.COUNTED, created_at__gte=begin)
        Routed.objects.in_workspace(workspace).filter(generation__created_at__gte=begin).delete()
        Generation.objects.filter(id__in=again.values("id")).update(traces=Generation.Traces.NEW)
    while count():
        pass
    return first


def _take(row: Generation, deltas: dict[Key, Delta]) -> Routed | None:
    """Add a reply to its rows' sums, and say how to find it; None where the model read nothing."""
    category, workspace_id = row.in_reply_to.category, row.message.conversation.workspace_id
    traces = {stretch: _trace(row, stretch) for stretch in (WORDS, REPLY)}
    if not category or not any(traces.values()):
        return None
    nearest, gap, is_stray = _fit(traces[WORDS], category, baseline_of(row.model_version.partition("+")[0]))
    for stretch, trace in traces.items():
        if trace:
            key = (workspace_id, row.created_at.date(), row.model_version, stretch.value, category)
            delta = deltas.setdefault(key, Delta(trace.n_experts))
            delta.add(trace, is_stray=is_stray and stretch == WORDS)
    reply = traces[REPLY]
    leader = int(reply.share.mean(axis=0).argmax()) if reply else None
    return Routed(workspace_id=workspace_id, generation=row, leader=leader, nearest=nearest, gap=gap, is_stray=is_stray)


def _trace(row: Generation, stretch: RoutingDay.Stretch) -> RoutingTrace | None:
    """None where nothing was kept, and where what was kept is damaged."""
    data = row.reading if stretch == WORDS else row.routing
    try:
        trace = stored_trace(data) if data else None
    except ValueError:
        return None
    if trace and stretch == REPLY:
        trace = trace.part(slice(trace.prompt_tokens, None))
    return trace if trace and trace.tokens else None


def _fit(trace: RoutingTrace | None, category: str, known: Baseline | None) -> tuple[str, float, bool]:
    if trace is None or known is None or len(trace.tokens) < LEAST_WORDS:
        return "", 0.0, False
    nearest, gap = known.fit(trace.share.mean(axis=0), category)
    return nearest, gap, gap > known.stray_from


def _pairs(trace: RoutingTrace) -> Sums:
    """How often two experts served the same token in a layer [E * (E - 1) / 2]."""
    chosen = np.sort(trace.ids.reshape(-1, trace.ids.shape[-1]).astype(np.int64), axis=1)
    together = np.zeros((trace.n_experts, trace.n_experts), np.int64)
    for one, other in combinations(range(chosen.shape[1]), 2):
        np.add.at(together, (chosen[:, one], chosen[:, other]), 1)
    return together[np.triu_indices(trace.n_experts, 1)]
