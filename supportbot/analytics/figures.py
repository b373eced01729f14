"""The values of a measure over a scope: in all, by the values of dimensions, by the bars of its period."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from supportbot.analytics.measures import Measure
from supportbot.analytics.query import Scope

Values = dict[tuple[Any, ...], float | None]


def values(scope: Scope, measure: Measure, keys: Collection[str] = (), minute: float = 0) -> Values:
    """The figure of each combination of values, of none at all under `()`. Shares are 0 to 1, times seconds.

    `minute` is the cost of an agent's minute.
    """
    if measure.column:
        return {one: times.median for one, times in scope.times(measure.column, *keys).items()}
    return {one: _reckon(measure, sums, minute) for one, sums in scope.by(*keys).items()}


def rested(scope: Scope, measure: Measure) -> tuple[float | None, int]:
    """The figure in all, and how many conversations, ratings or the like it rests on."""
    if measure.column:
        times = scope.times(measure.column)[()]
        return times.median, times.total
    sums = scope.sums()
    return measure.value(sums), sum(sums[name] for name in measure.of or measure.over)


def by_step(scope: Scope, measure: Measure, minute: float = 0) -> dict[date, float | None]:
    """The figure of each bar of the period's chart."""
    if measure.column:
        return {step: times.median for step, times in scope.times_by_step(measure.column).items()}
    return {step: _reckon(measure, sums, minute) for step, sums in scope.by_step().items()}


def _reckon(measure: Measure, sums: Mapping[str, int], minute: float) -> float | None:
    value = measure.value(sums)
    return value * minute / 60 if value is not None and measure.unit == "money" else value
