"""Months from the day on which a subscription began. Knows only dates; the days are those of UTC."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.utils import timezone

CALENDAR = date(2000, 1, 1)  # where nobody subscribed, periods are calendar months


@dataclass(frozen=True)
class Period:
    """From a day until before another."""

    start: date
    end: date

    def __str__(self) -> str:
        return f"{self.start:%-d %B %Y} to {self.last:%-d %B %Y}"

    @property
    def short(self) -> str:
        """For a column."""
        return f"{self.start:%-d %b} to {self.last:%-d %b %Y}"

    @property
    def last(self) -> date:
        """Its last day."""
        return self.end - timedelta(days=1)

    @property
    def days(self) -> int:
        """How long it is."""
        return (self.end - self.start).days


def today() -> date:
    """The day of UTC."""
    return timezone.now().astimezone(UTC).date()


def midnight(day: date) -> datetime:
    """When the day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def period_at(day: date, anchor: date) -> Period:
    """The period in which the day lies."""
    months = (day.year - anchor.year) * 12 + day.month - anchor.month
    return _nth(anchor, months if _months_after(anchor, months) <= day else months - 1)


def latest(day: date, anchor: date, count: int) -> list[Period]:
    """That period and those before it, the latest first."""
    periods = [period_at(day, anchor)]
    while len(periods) < count:
        periods.append(period_at(periods[-1].start - timedelta(days=1), anchor))
    return periods


def _nth(anchor: date, months: int) -> Period:
    return Period(_months_after(anchor, months), _months_after(anchor, months + 1))


def _months_after(anchor: date, months: int) -> date:
    """The same day of another month, or its last one."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    return date(year, month + 1, min(anchor.day, calendar.monthrange(year, month + 1)[1]))
