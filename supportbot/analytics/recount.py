"""Reads figures out of a sentence again and compares them with a count of their own.

The pages reckon from packed days (`columns.py`); here the database is asked for the rows themselves, so that neither
the words nor the packing can tell what is not so.
"""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Sum

from supportbot.analytics.measures import Measure
from supportbot.analytics.query import Scope

MONTHS = tuple(month_name)[1:]
DATE = re.compile(rf"\b(\d{{1,2}}) ({'|'.join(MONTHS)})(?: (\d{{4}}))?")
NUMBER = re.compile(r"(?<![\w.,])(\d[\d,]*(?:\.\d+)?)(?: (%|s\b|min\b|h\b|days\b))?")
SECONDS = {"s": 1, "min": 60, "h": 3600, "days": 86_400}
NEAR = 1e-6


@dataclass(frozen=True)
class Stated:
    """What a sentence states at one place: a date or a figure in its unit, and how it is counted again."""

    unit: str
    recount: Callable[[], float | date | None]


def holds(text: str, stated: Sequence[Stated]) -> bool:
    """Whether the sentence states exactly these, each as it is counted again, to the digit that is shown."""
    dates = [_day(match) for match in DATE.finditer(text)]
    numbers = [(match[1], match[2] or "") for match in NUMBER.finditer(DATE.sub("", text))]
    of_dates = [one for one in stated if one.unit == "date"]
    of_numbers = [one for one in stated if one.unit != "date"]
    if len(dates) != len(of_dates) or len(numbers) != len(of_numbers):
        return False
    return all(_is_day(day, one) for day, one in zip(dates, of_dates, strict=True)) and all(
        _is_number(number, unit, one) for (number, unit), one in zip(numbers, of_numbers, strict=True)
    )


def recounted(scope: Scope, measure: Measure, *, rests_on: bool = False) -> float | None:
    """The measure over the rows of the cases; or how many conversations, ratings or the like it rests on."""
    cases = scope.cases()
    if measure.column:
        times = sorted(cases.exclude(**{measure.column: None}).values_list(measure.column, flat=True))
        if rests_on:
            return len(times)
        return times[(len(times) - 1) // 2] if times else None
    sums = cases.aggregate(**{name: Sum(name, default=0) for name in {*measure.over, *measure.of}})
    return sum(sums[name] for name in measure.of or measure.over) if rests_on else measure.value(sums)


def _day(match: re.Match[str]) -> tuple[int, int, int | None]:
    return int(match[1]), MONTHS.index(match[2]) + 1, int(match[3]) if match[3] else None


def _is_day(read: tuple[int, int, int | None], stated: Stated) -> bool:
    day, month, year = read
    counted = stated.recount()
    return isinstance(counted, date) and (counted.day, counted.month) == (day, month) and year in (None, counted.year)


def _is_number(text: str, unit: str, stated: Stated) -> bool:
    counted = stated.recount()
    if not isinstance(counted, int | float):
        return False
    factor = {"%": 0.01, "": 1.0, **SECONDS}[unit]
    if (unit == "%") != (stated.unit == "share") or (unit in SECONDS) != (stated.unit == "time"):
        return False
    shown = 10 ** -len(text.partition(".")[2])
    return bool(abs(float(text.replace(",", "")) - counted / factor) <= shown / 2 + NEAR)
