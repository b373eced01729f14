"""The overview of a period: figures beside those of the period before, by day, and split by what they depend on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any, ClassVar

from django.urls import reverse

from supportbot.analytics.columns import Sums, Times
from supportbot.analytics.measures import MEASURES, WEEKDAYS, Measure
from supportbot.analytics.models import Preferences
from supportbot.analytics.query import Scope
from supportbot.analytics.wording import UNKNOWN, Change, words

SHOWN = ("conversations", "resolution", "handover", "first", "people", "duration", "csat", "sla", "reopened", "left")
COLUMNS = ("conversations", "resolution", "handover", "first", "duration", "csat", "sla", "reopened")
AGAINST = ("conversations", "first", "duration", "csat", "reopened", "minutes")
SERIES = {
    "resolved_by_bot": ("Resolved by the bot", ("confirmed", "assumed")),
    "by_people": ("Resolved by people", ("by_people",)),
    "left": ("Left without an answer", ("left",)),
    "going": ("Going on", ("going",)),
}
BACKLOG = Measure("backlog", "Backlog", "What people have at this moment, whenever it began. Filters hold for it.")
SHADES = 8
LONG_TAIL = 12  # rows of a split
HOURS = range(24)


@dataclass(frozen=True)
class Figure:
    """A measure as a card shows it."""

    measure: Measure
    value: str
    note: str
    change: Change
    before: str
    url: str


@dataclass(frozen=True)
class Row:
    """A line of a split: what it is of, its share of the longest, and its figures; each leads to its conversations."""

    name: str
    share: float
    cells: list[tuple[str, str]]


@dataclass(frozen=True)
class Split:
    """Figures by the values of a dimension, the most conversations first."""

    key: str
    title: str
    heads: list[Measure]
    rows: list[Row]
    rest: int = 0


@dataclass(frozen=True)
class Slot:
    """An hour of a weekday in the heat map."""

    count: int
    heat: int
    url: str
    title: str


@dataclass(frozen=True)
class Chart:
    """Bars with their names, for each series its numbers; the same as rows, each with its conversations."""

    title: str
    labels: list[str]
    series: list[dict[str, Any]]
    rows: list[tuple[str, str, list[int]]]
    is_stacked: bool = True

    @property
    def data(self) -> dict[str, Any]:
        """What the browser draws."""
        return {"labels": self.labels, "series": self.series, "stacked": self.is_stacked}


class Performance:
    """All parts of the page; each is looked up when it is shown."""

    shown: tuple[str, ...] = SHOWN
    named: ClassVar = {"backlog": BACKLOG, "cost": MEASURES["cost"]}

    def __init__(self, scope: Scope, preferences: Preferences) -> None:
        self.scope, self.minute = scope, preferences.minute
        self.minute_cost, self.currency = preferences.minute_cost, preferences.currency

    @cached_property
    def sums(self) -> Sums:
        """Of the period."""
        return self.scope.sums()

    def figures(self) -> list[Figure]:
        """The cards."""
        then, own = self.scope.before.sums(), [MEASURES[key] for key in self.shown]
        own += [MEASURES["cost"]] if "conversations" in self.shown and self.minute_cost is not None else []
        return [self._figure(measure, then) for measure in own]

    def _figure(self, measure: Measure, then: Sums) -> Figure:
        note, now, before = self._note(measure), self._value(measure, self.sums), self._value(measure, then)
        if measure.column:
            times, earlier = (scope.times(measure.column)[()] for scope in (self.scope, self.scope.before))
            now, before = times.median, earlier.median
            note = f"median; 9 of 10 within {words(times.ninth, 'time')}" if times.total else "median"
        shown = [words(value, measure.unit, self.currency) for value in (now, before)]
        return Figure(
            measure, shown[0], note, Change.of(measure, now, before), shown[1], cases(self.scope, measure.which)
        )

    def _value(self, measure: Measure, sums: Sums) -> float | None:
        value = measure.value(sums)
        if measure.unit == "money" and value is not None:
            return value / 60 * self.minute
        return value

    def _note(self, measure: Measure) -> str:
        own, begun = self.sums, self.sums["conversations"]
        confirmed, assumed = (words(MEASURES[key].value(own), "share") for key in ("confirmed", "assumed"))
        notes: dict[str, str] = {
            "conversations": f"the bot dealt with {own['involved']:,}",
            "resolution": f"{confirmed} confirmed, {assumed} unchallenged",
            "handover": f"{own['handed_off']:,} of {begun:,}",
            "csat": f"of {own['rated']:,} ratings",
            "sla": f"of {own['kept'] + own['missed']:,} due times",
            "reopened": f"of {own['resolved']:,} resolved",
            "helped": f"of {own['helped'] + own['did_not_help']:,} that customers judged",
            "left": f"{own['left']:,} of {begun:,}",
            "cost": f"{words(MEASURES['minutes'].value(own), 'time')} of agents’ time",
        }
        return notes.get(measure.key, "")

    def backlog(self) -> tuple[int, str]:
        """Conversations that people have now, whenever they began, and where they are."""
        waiting = self.scope.of("backlog")
        return waiting.cases().count(), cases(waiting)

    def chart(self) -> Chart:
        """How the conversations that began in each step ended."""
        steps, period = self.scope.by_step(), self.scope.period
        labels = [step_name(step, period.step) for step in steps]
        spans = [replace(self.scope, period=part) for part in period.parts]
        counts = [[_total(sums, names) for _, names in SERIES.values()] for sums in steps.values()]
        series = [
            {"key": key, "name": name, "values": [own[index] for own in counts]}
            for index, (key, (name, _)) in enumerate(SERIES.items())
        ]
        rows = list(zip(labels, map(cases, spans), counts, strict=True))
        return Chart(f"Conversations by {period.step} and outcome", labels, series, rows)

    def splits(self) -> list[Split]:
        """By channel, category, language and team, where there is more than one value."""
        splits = (split_by(self.scope, key, title, COLUMNS) for key, title in _SPLITS.items())
        return [split for split in splits if len(split.rows) > 1]

    def against(self) -> Split:
        """The bot beside people."""
        return split_by(self.scope, "handler", "Bot and people", AGAINST)

    def reasons(self) -> Split:
        """Why conversations were handed over."""
        return split_by(
            self.scope.of("handed_off"), "reason", "Why people were called", ("conversations", "people", "csat")
        )

    def week(self) -> list[tuple[str, list[Slot]]]:
        """When conversations begin: a row for each weekday, a slot for each hour."""
        counts = {slot: sums["conversations"] for slot, sums in self.scope.by("weekday", "hour").items()}
        most = max(counts.values(), default=1)
        return [
            (name, [self._slot(counts.get((weekday, hour), 0), most, weekday, hour) for hour in HOURS])
            for weekday, name in enumerate(WEEKDAYS)
        ]

    def hours(self) -> Split:
        """The figures by the hour of the day in which conversations began."""
        split = split_by(self.scope, "hour", "By hour of the day", COLUMNS, len(HOURS))
        return replace(split, rows=sorted(split.rows, key=lambda row: row.name))

    def _slot(self, count: int, most: int, weekday: int, hour: int) -> Slot:
        own = self.scope.narrowed("weekday", weekday).narrowed("hour", hour)
        title = f"{WEEKDAYS[weekday]}, {hour:02}:00 to {(hour + 1) % 24:02}:00"
        return Slot(count, -(-count * SHADES // most), cases(own), title)


_SPLITS = {"channel": "By channel", "category": "By category", "language": "By language", "team": "By team"}


def split_by(scope: Scope, key: str, title: str, columns: Sequence[str], limit: int = LONG_TAIL) -> Split:
    """The figures of each value of a dimension."""
    heads = [MEASURES[column] for column in columns]
    sums = scope.by(key)
    times = {measure.column: scope.times(measure.column, key) for measure in heads if measure.column}
    ranked = sorted(sums.items(), key=lambda pair: (-pair[1]["conversations"], str(pair[0])))
    most = max((own["conversations"] for own in sums.values()), default=1)
    shown = ranked if len(ranked) == limit + 1 else ranked[:limit]  # to say that one is left out takes the same room
    rows = [_row(scope, key, values, own, heads, times, most) for values, own in shown]
    return Split(key, title, heads, rows, len(ranked) - len(shown))


def _row(
    scope: Scope,
    key: str,
    values: tuple[Any, ...],
    sums: Sums,
    heads: Sequence[Measure],
    times: Mapping[str, Mapping[tuple[Any, ...], Times]],
    most: int,
) -> Row:
    own = scope.narrowed(key, values[0])

    def cell(measure: Measure) -> tuple[str, str]:
        value = times[measure.column][values].median if measure.column else measure.value(sums)
        shown = words(value, measure.unit)
        return shown, "" if shown == UNKNOWN else cases(own, measure.which or scope.which)

    return Row(scope.label(key, values[0]), sums["conversations"] / most, [cell(measure) for measure in heads])


def cases(scope: Scope, which: str = "") -> str:
    """The address of the list of conversations behind a figure."""
    return f"{reverse('admin:analytics-cases')}?{scope.of(which or scope.which).address}"


def _total(sums: Sums, names: Sequence[str]) -> int:
    return sum(sums[name] for name in names)


def step_name(step: date, kind: str) -> str:
    """A bar's name by its first day."""
    return f"{step:%B %Y}" if kind == "month" else f"{'week of ' if kind == 'week' else ''}{step.day} {step:%b}"
