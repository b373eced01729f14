"""The answer to a query: a sentence, a figure for each value of a split beside the period before, and a chart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

from supportbot.analytics.figures import Values, by_step, values
from supportbot.analytics.measures import DIMENSIONS, Measure, Unit
from supportbot.analytics.models import Preferences
from supportbot.analytics.performance import Chart, cases, step_name
from supportbot.analytics.query import Scope
from supportbot.analytics.wording import SAME, Change, words

MOST = 24  # values that are shown
SUSPECTS = ("channel", "category", "language", "handler", "reason", "team")


@dataclass(frozen=True)
class Line:
    """One value of the split: now, before, and how it changed."""

    name: str
    url: str
    value: str
    before: str
    change: Change


class Answer:
    """A measure over a scope, split by a dimension, else by time (`time`)."""

    def __init__(self, scope: Scope, measure: Measure, by: str, preferences: Preferences, *, why: bool = False) -> None:
        self.scope, self.measure, self.why = scope, measure, why
        self.minute, self.money = preferences.minute, preferences.currency
        self.by = by if by in DIMENSIONS else "time"
        self.is_split = by == self.by  # else its course over time stands beside the figure all the same

    @cached_property
    def total(self) -> tuple[float | None, float | None]:
        """The figure now and before."""
        now, before = self._both()
        return now.get((), None), before.get((), None)

    @property
    def value(self) -> float | None:
        """The figure now."""
        return self.total[0]

    @property
    def unit(self) -> Unit:
        """What it is measured in."""
        return self.measure.unit

    @property
    def headline(self) -> str:
        """The figure now, in words."""
        return self.words(self.value)

    @property
    def change(self) -> Change:
        """Between both."""
        return Change.of(self.measure, *self.total)

    @property
    def url(self) -> str:
        """The conversations behind it."""
        return cases(self.scope, self.measure.which)

    def sentence(self) -> str:
        """The answer in words."""
        now, before = self.total
        narrowed = [
            f"{DIMENSIONS[key].name.lower()} {self.scope.label(key, value)}"
            for key, value in self.scope.filters.items()
        ]
        what = self.measure.name + (f" ({', '.join(narrowed)})" if narrowed else "")
        if now is None:
            return f"{what}: nothing to measure in {self.scope.period}."
        kind = "the median is " if self.measure.column else ""
        text = f"{what}, {self.scope.period}: {kind}{self.words(now)}"
        days = self.scope.period.days
        span = f"the {days} days before" if days > 1 else "the day before"
        if self.change.kind or self.change.text not in ("", SAME):
            text += f", {self.change.text} against {span} ({self.words(before)})"
        elif self.change.text:
            text += f", as in {span}"
        return f"{text}."

    def reasons(self) -> list[str]:
        """Where most of a change came from, for a question that asks why; counts only can be told apart so."""
        if not self.why:
            return []
        if self.measure.of or self.measure.column:
            return ["A share or a time is not the sum of parts; below it stands split, to compare."]
        found = [part for key in SUSPECTS if key not in self.scope.filters for part in self._parts(key)]
        found.sort(key=lambda part: -abs(part[0]))
        return [f"{name}, {'+' if by > 0 else '−'}{abs(by):,.0f}" for by, name in found[:5] if by]

    def _parts(self, key: str) -> list[tuple[float, str]]:
        now, before = self._both(key)
        known = [one for one in now | before if one[0] not in ("", None)]
        title = DIMENSIONS[key].name
        return [
            ((now.get(one) or 0) - (before.get(one) or 0), f"{title}: {self.scope.label(key, one[0])}")
            for one in known
            if len(now | before) > 1
        ]

    @property
    def split_name(self) -> str:
        """What each line is of."""
        return self.scope.period.step.capitalize() if self.by == "time" else DIMENSIONS[self.by].name

    def lines(self) -> list[Line]:
        """The split; a split by time has no line of before."""
        if self.by == "time":
            return [
                self._line(step_name(step, self.scope.period.step), span, value, None)
                for step, span, value in self._steps
            ]
        return [
            self._line(self.scope.label(self.by, one[0]), self.scope.narrowed(self.by, one[0]), now, before)
            for one, now, before in self._split
        ]

    def chart(self) -> Chart | None:
        """The same drawn; None where there is nothing to compare."""
        lines, factor = self.lines(), {"share": 100, "time": 1 / 60}.get(self.measure.unit, 1)
        pairs = [(v, None) for _, _, v in self._steps] if self.by == "time" else [(n, b) for _, n, b in self._split]
        if len(lines) < 2 or not any(pair != (None, None) for pair in pairs):
            return None
        unit = {"share": ", %", "time": ", minutes", "money": f", {self.money}"}.get(self.measure.unit, "")
        series = [{"key": "now", "name": "This period", "values": [_scaled(now, factor) for now, _ in pairs]}]
        if self.by != "time":
            series.append({"key": "before", "name": "Before", "values": [_scaled(b, factor) for _, b in pairs]})
        return Chart(f"{self.measure.name}{unit}", [line.name for line in lines], series, [], is_stacked=False)

    def _both(self, *keys: str) -> tuple[Values, Values]:
        """In the period and in the one before."""
        now, before = (values(scope, self.measure, keys, self.minute) for scope in (self.scope, self.scope.before))
        return now, before

    def words(self, value: float | None) -> str:
        """A value of the measure."""
        return words(value, self.measure.unit, self.money)

    def _line(self, name: str, scope: Scope, now: float | None, before: float | None) -> Line:
        change = Change.of(self.measure, now, before)
        return Line(name, cases(scope, self.measure.which), self.words(now), self.words(before), change)

    @cached_property
    def _split(self) -> list[tuple[tuple[Any, ...], float | None, float | None]]:
        now, before = self._both(self.by)
        rows = [(one, now.get(one), before.get(one)) for one in now | before]
        in_order = self.by in ("hour", "weekday")
        rows.sort(key=lambda row: row[0][0] if in_order else (-(row[1] or 0), str(row[0][0])))
        return rows[:MOST]

    @cached_property
    def _steps(self) -> list[tuple[date, Scope, float | None]]:
        period, found = self.scope.period, by_step(self.scope, self.measure, self.minute)
        return [(part.start, replace(self.scope, period=part), found.get(part.start)) for part in period.parts]


def _scaled(value: float | None, factor: float) -> float | None:
    return None if value is None else round(value * factor, 2)
