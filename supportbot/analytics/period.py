"""The days that a page is about, and the days before them that it compares with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_date

LONGEST = 366 * 3  # days
BY_DAY, BY_WEEK = 45, 200  # days up to which a chart has a bar for each day, each week


@dataclass(frozen=True)
class Period:
    """Whole days, both ends included."""

    CHOICES: ClassVar[dict[str, str]] = {
        "7": "Last 7 days",
        "28": "Last 28 days",
        "90": "Last 90 days",
        "365": "Last 12 months",
        "custom": "From … to",
    }
    start: date
    end: date
    name: str = "28"
    problem: str = ""
    grain: str = ""  # what a bar is, where somebody chose it

    @classmethod
    def read(cls, query: Mapping[str, str], today: date) -> Period:
        """As an address has it; what makes no sense is said, and the last 28 days are shown."""
        name = query.get("period", "28")
        if name == "custom":
            return cls._custom(query.get("from", ""), query.get("to", ""), today)
        days = int(name) if name in cls.CHOICES else 28
        return cls(today - timedelta(days=days - 1), today, str(days))

    @classmethod
    def _custom(cls, first: str, last: str, today: date) -> Period:
        start, end = _day(first), _day(last)
        usual = cls(today - timedelta(days=27), today, "28")
        if start is None or end is None:
            return cls(usual.start, usual.end, "28", "Choose both days. These are the last 28 days.")
        if start > end:
            return cls(usual.start, usual.end, "28", "The first day is after the last. These are the last 28 days.")
        if (end - start).days >= LONGEST:
            return cls(usual.start, usual.end, "28", "Choose at most three years. These are the last 28 days.")
        return cls(start, end, "custom")

    @property
    def days(self) -> int:
        """How many."""
        return (self.end - self.start).days + 1

    def moments(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """When its first day begins in a time zone, and when the day after its last one does."""
        first, after = (datetime.combine(day, time.min, zone) for day in (self.start, self.end + timedelta(days=1)))
        return first, after

    @property
    def before(self) -> Period:
        """As many days, right before."""
        return Period(self.start - timedelta(days=self.days), self.start - timedelta(days=1), "custom")

    @property
    def query(self) -> dict[str, str]:
        """As it stands in an address."""
        if self.name != "custom":
            return {"period": self.name}
        return {"period": "custom", "from": self.start.isoformat(), "to": self.end.isoformat()}

    @property
    def step(self) -> str:
        """What a bar of a chart is: day, week or month."""
        usual = "day" if self.days <= BY_DAY else "week" if self.days <= BY_WEEK else "month"
        return self.grain or usual

    def begin_of(self, day: date) -> date:
        """The first day of the bar in which a day lies; the first bar begins with the period."""
        if self.step == "week":
            day -= timedelta(days=day.weekday())
        elif self.step == "month":
            day = day.replace(day=1)
        return max(day, self.start)

    @property
    def steps(self) -> list[date]:
        """The first day of each bar."""
        days = (self.start + timedelta(days=ahead) for ahead in range(self.days))
        return list(dict.fromkeys(self.begin_of(day) for day in days))

    @property
    def parts(self) -> list[Period]:
        """Each bar as a period of its own."""
        steps = self.steps
        ends = [*(step - timedelta(days=1) for step in steps[1:]), self.end]
        return [Period(first, last, "custom") for first, last in zip(steps, ends, strict=True)]

    def __str__(self) -> str:
        first = f"{self.start.day} {self.start:%B}" + (
            f" {self.start.year}" if self.start.year != self.end.year else ""
        )
        last = f"{self.end.day} {self.end:%B %Y}"
        return last if self.start == self.end else f"{first} to {last}"


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None
