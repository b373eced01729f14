"""The answer to a query over a dataset: a sentence, a figure for each value beside the days before, and a chart."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from supportbot.analytics.datasets.declared import CONTACTED, TIME
from supportbot.analytics.datasets.query import Query
from supportbot.analytics.measures import MEASURES, Unit
from supportbot.analytics.performance import Chart, step_name
from supportbot.analytics.wording import SAME, Change

NONE = "Not said"


@dataclass(frozen=True)
class Line:
    """One value of the split."""

    name: str
    value: str
    before: str
    change: Change


class DatasetAnswer:
    """The figures of a query in words; Refused from the first look if they can't be made."""

    def __init__(self, query: Query) -> None:
        self.query, self.figure = query, query.figure
        self.total, self._values = query.figures()
        self._total_before, self._before = query.before.figures() if query.before else (None, {})

    @property
    def value(self) -> float | None:
        """The figure in all."""
        return self.total

    @property
    def unit(self) -> Unit:
        """What it is measured in."""
        return self.figure.unit

    @property
    def headline(self) -> str:
        """The figure in all, in words."""
        return self.figure.in_words(self.total)

    @property
    def title(self) -> str:
        """What is measured."""
        return self.figure.name

    @property
    def change(self) -> Change:
        """Against the days before."""
        return self._change(self.total, self._total_before)

    def sentence(self) -> str:
        """The answer in words."""
        splits, numbers = self.query.declared.splits, self.query.declared.numbers
        parts = [f"{splits[key].name}: {self._name(key, value)}" for key, value in self.query.filters.items()]
        for key, (low, high) in self.query.ranges.items():
            parts += [f"{numbers[key].label} from {low:g}"] if low is not None else []
            parts += [f"{numbers[key].label} up to {high:g}"] if high is not None else []
        what = self.figure.name + (f" ({', '.join(parts)})" if parts else "")
        when = f", {self.query.period}" if self.query.period else ""
        if self.total is None:
            return f"{what}{when}: nothing to measure."
        text = f"{what}{when}: {self.figure.in_words(self.total)}"
        if self.change.text and self.change.text != SAME:
            text += f", {self.change.text} against the days before ({self.figure.in_words(self._total_before)})"
        return f"{text}."

    @property
    def split_name(self) -> str:
        """What each line is of."""
        return self._step.capitalize() if self.query.by == TIME else self.query.declared.splits[self.query.by].name

    @property
    def by(self) -> str:
        """`time`, or a split; empty without."""
        return self.query.by

    def lines(self) -> list[Line]:
        """The values of the split, the largest first; days in their order."""
        return [
            Line(name, self.figure.in_words(now), self.figure.in_words(before), self._change(now, before))
            for name, now, before in self._rows
        ]

    @property
    def left_out(self) -> int:
        """How many values are not shown."""
        return max(0, len(self._values) - len(self._rows))

    def chart(self) -> Chart | None:
        """The same drawn; None where there is nothing to compare."""
        if len(self._rows) < 2:
            return None
        factor, unit = {"share": (100, ", %"), "time": (1 / 60, ", minutes")}.get(self.unit, (1, ""))

        def drawn(values: list[float | None]) -> list[float | None]:
            return [None if value is None else round(value * factor, 2) for value in values]

        series = [{"key": "now", "name": self.figure.name, "values": drawn([now for _, now, _ in self._rows])}]
        if self.query.period and self.query.by != TIME:
            series.append({"key": "before", "name": "Before", "values": drawn([before for _, _, before in self._rows])})
        return Chart(f"{self.figure.name}{unit}", [name for name, _, _ in self._rows], series, [], is_stacked=False)

    @cached_property
    def _rows(self) -> list[tuple[str, float | None, float | None]]:
        if self.query.by == TIME:
            days = sorted(day for day in self._values if day is not None)
            return [(step_name(day, self._step), self._values[day], None) for day in days[-400:]]
        known = [(key, value) for key, value in self._values.items() if value is not None]
        sign = 1 if self.query.lowest else -1
        known.sort(key=lambda pair: (sign * (pair[1] or 0), str(pair[0])))
        top = known[: self.query.top]
        return [(self._name(self.query.by, key), value, self._before.get(key)) for key, value in top]

    @property
    def _step(self) -> str:
        return self.query.span.step if self.query.span else "month"

    def _name(self, by: str, value: Any) -> str:
        if value in ("", None):
            return NONE
        split = self.query.declared.splits[by]
        if not split.of_conversations:
            return {"true": "Yes", "false": "No"}.get(str(value), str(value))
        return str(self.query.scope.label(split.of_conversations, value))

    def _change(self, now: float | None, before: float | None) -> Change:
        measure = MEASURES.get(self.figure.of_conversations)
        if measure is None:
            measure = MEASURES["handover" if self.figure.key == CONTACTED else "conversations"]
        return Change.of(measure, now, before)
