"""Whether the routing is as it should be: named thresholds on the last weeks' sums, and the alarms that follow.

Letters: E experts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from supportbot.analytics.routing.baseline import baseline_of
from supportbot.analytics.routing.sums import WORDS, Period, Sum, messages_before, versions
from supportbot.chat.models import RoutingAlert
from supportbot.workspaces.models import Workspace

DAYS = 28
LEAST = 200  # messages; fewer are not judged
DRIFT_FROM = 0.25  # population stability index: under 0.1 steady, from 0.25 on another population
DEAD_BELOW = 0.05  # of an even load
OVERLOADED_FROM = 4.0  # times an even load
FLOOR = 1e-3  # of a share, so that one that was never seen does not weigh without bounds
Kind = RoutingAlert.Kind
Finding = tuple[float, float]  # value and threshold


@dataclass(frozen=True)
class Drift:
    """A mix beside the one that it is held against, and how far apart they are; None: too few messages to tell."""

    rows: list[tuple[str, float, float]]  # name, part now, part then
    index: float | None

    @property
    def is_far(self) -> bool:
        """Whether it is past the threshold."""
        return self.index is not None and self.index >= DRIFT_FROM

    @property
    def words(self) -> str:
        """The index as one says it."""
        if self.index is None:
            return "too few messages to tell"
        return "steady" if self.index < 0.1 else "shifting" if self.index < DRIFT_FROM else "drifted"


def stability(now: NDArray[np.floating], then: NDArray[np.floating]) -> float:
    """The population stability index of two mixes, which need not sum to 1."""
    one, other = (np.maximum(mix / max(mix.sum(), 1e-12), FLOOR) for mix in (now, then))
    return float(((one - other) * np.log(one / other)).sum())


def mix_drift(now: Mapping[str, Sum], then: Mapping[str, int]) -> Drift:
    """Categories now beside messages then."""
    names = sorted({*now, *then})
    here = np.asarray([now[name].messages if name in now else 0 for name in names], np.float64)
    there = np.asarray([then.get(name, 0) for name in names], np.float64)
    enough = here.sum() >= LEAST and there.sum() >= LEAST
    return _drift(names, here, there, enough=bool(enough))


def routing_drift(period: Period, version: str) -> Drift | None:
    """Experts of the customers' words beside what training makes one expect of the same categories."""
    known = baseline_of(version)
    words = period.by_category(WORDS)
    total = sum((one.messages for name, one in words.items() if known and name in known.words), 0)
    if known is None or not total:
        return None
    ours = [one for name, one in words.items() if name in known.words]
    here = sum((one.shares for one in ours[1:]), ours[0].shares)
    there = known.expected({name: float(one.messages) for name, one in words.items()})
    names = [str(number) for number in range(len(here))]
    return _drift(names, here, there, enough=total >= LEAST)


def loads(period: Period) -> NDArray[np.float64]:
    """How often each expert was chosen, by an even share [E]: 1 is even."""
    chosen = chosen_of(period)
    return np.asarray(chosen / max(1.0, chosen.sum()) * len(chosen), np.float64)


def chosen_of(period: Period) -> NDArray[np.int64]:
    """How often each expert was chosen, in words and replies [E]; another engine's experts are not ours."""
    ours = [one.chosen for one in period.total() if one.experts == period.experts]
    return np.asarray(sum(ours[1:], ours[0]) if ours else [], np.int64)


def judge(workspace: Workspace) -> None:
    """Open, renew and close the alarms of a workspace by its last weeks."""
    for version in versions(workspace)[:1]:
        _keep(workspace, version, _findings(workspace, version))


def _findings(workspace: Workspace, version: str) -> dict[tuple[str, str], Finding]:
    period = Period.of(workspace, version, days=DAYS)
    now, known = period.by_category(WORDS), baseline_of(version)
    found: dict[tuple[str, str], Finding] = {}
    before = messages_before(workspace, version, days=DAYS)
    drifts = {
        Kind.CATEGORIES: mix_drift(now, known.messages) if known else None,
        Kind.CHANGE: mix_drift(now, before),
        Kind.ROUTING: routing_drift(period, version),
    }
    for kind, drift in drifts.items():
        if drift and drift.is_far and drift.index is not None:
            found[kind, ""] = drift.index, DRIFT_FROM
    if sum(one.messages for one in now.values()) >= LEAST:
        for number, load in enumerate(loads(period).tolist()):
            if load < DEAD_BELOW:
                found[Kind.DEAD, str(number)] = load, DEAD_BELOW
            elif load >= OVERLOADED_FROM:
                found[Kind.OVERLOADED, str(number)] = load, OVERLOADED_FROM
    return found


@transaction.atomic
def _keep(workspace: Workspace, version: str, found: Mapping[tuple[str, str], Finding]) -> None:
    Workspace.objects.select_for_update().get(pk=workspace.pk)
    is_open = RoutingAlert.objects.in_workspace(workspace).filter(until=None)
    known = {(alert.kind, alert.subject): alert for alert in is_open}
    over = [alert.pk for key, alert in known.items() if key not in found or alert.version != version]
    is_open.filter(pk__in=over).update(until=timezone.now())
    for (kind, subject), (value, threshold) in found.items():
        alert = known.get((kind, subject))
        if alert and alert.pk not in over:
            is_open.filter(pk=alert.pk).update(value=value, threshold=threshold)
        else:
            fields = {"version": version, "value": value, "threshold": threshold}
            RoutingAlert.objects.create(workspace=workspace, kind=kind, subject=subject, **fields)


def _drift(names: list[str], here: NDArray[np.float64], there: NDArray[np.float64], *, enough: bool) -> Drift:
    parts = [(mix / max(mix.sum(), 1e-12)).tolist() for mix in (here, there)]
    return Drift(list(zip(names, *parts, strict=True)), stability(here, there) if enough else None)
