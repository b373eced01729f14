"""Whether a figure is far from what its own history says: the same weekdays of the eight weeks before.

Robust: the middle is the median and the usual distance from it the median of the distances, so that one strange week
neither hides the next one nor makes it look strange.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from statistics import median

from supportbot.analytics.figures import rested
from supportbot.analytics.measures import Measure
from supportbot.analytics.period import Period
from supportbot.analytics.query import Scope

WEEKS = 8
LEAST_WEEKS = 5  # of these that have to say something
FEWEST = 10  # conversations, ratings or the like that a figure has to rest on
NORMAL = 1.4826  # makes the median distance a standard deviation where the values are normally spread
OF_A_TIME = 0.1  # of its median, the least that counts as a distance of times
SETTLES = {"conversations": 1, "reopened": 8}  # days after which a figure of a day changes no more
USUALLY_SETTLES = 2


@dataclass(frozen=True)
class Found:
    """A figure beside its history; shares are 0 to 1, times seconds."""

    period: Period
    value: float
    history: tuple[float, ...]  # the newest first
    middle: float
    usual: float  # distance from the middle; above 0

    @property
    def distance(self) -> float:
        """How many usual distances it is away from the middle."""
        return abs(self.value - self.middle) / self.usual


def look(scope: Scope, measure: Measure, days: int, today: date) -> Found | None:
    """The last so many days (at most 7) that are settled; None where they or their history rest on too little."""
    end = today - timedelta(days=SETTLES.get(measure.key, USUALLY_SETTLES))
    spans = [_span(end - timedelta(weeks=back), days) for back in range(WEEKS + 1)]
    (value, count), *before = [rested(replace(scope, period=span), measure) for span in spans]
    past = [(then, on) for then, on in before if then is not None and on >= FEWEST]
    if value is None or len(past) < LEAST_WEEKS or (measure.of or measure.column) and count < FEWEST:
        return None
    history = tuple(then for then, _ in past)
    middle = median(history)
    return Found(spans[0], value, history, middle, _usual(measure, history, middle, count))


def _usual(measure: Measure, history: Sequence[float], middle: float, count: int) -> float:
    """The usual distance, but no less than chance alone makes it: a quiet history would call every step strange."""
    by_chance = OF_A_TIME * middle
    if measure.unit == "count":
        by_chance = math.sqrt(middle)
    elif measure.unit == "share":
        even = min(max(middle, 1 / count), 1 - 1 / count)
        by_chance = math.sqrt(even * (1 - even) / count)
    return max(NORMAL * median(abs(then - middle) for then in history), by_chance, 1e-9)


def _span(end: date, days: int) -> Period:
    return Period(end - timedelta(days=days - 1), end, "custom")
