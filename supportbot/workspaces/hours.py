"""Business hours: whether people are at work at a moment, and when next. Pure; knows no database and no clock."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

MIDNIGHT = time(0)
LOOK_AHEAD = 400  # days; holidays may fill a year, and a week without hours never opens
Span = tuple[datetime, datetime]


@dataclass(frozen=True)
class Hours:
    """The spans of a week as (weekday from Monday 0, opens, closes), in a time zone, and the dates that are closed.

    A span that closes at midnight lasts to the end of its day. Moments are aware datetimes of any zone; answers are in
    this zone. A clock that is set forward or back moves the span's ends with the wall clock.
    """

    zone: ZoneInfo
    week: Sequence[tuple[int, time, time]]
    holidays: frozenset[date] = frozenset()

    def is_open(self, at: datetime) -> bool:
        """Whether people are at work."""
        return self.closes_at(at) is not None

    def closes_at(self, at: datetime) -> datetime | None:
        """When the span ends that this moment lies in; None outside business hours."""
        ends = [end for start, end in self._spans(self._day(at)) if start <= at.astimezone(UTC) < end]
        return self._local(max(ends)) if ends else None

    def next_opening(self, at: datetime) -> datetime | None:
        """When people are back: the first opening after this moment; None if there is none within a year."""
        first = self._day(at)
        for ahead in range(LOOK_AHEAD):
            starts = [start for start, _ in self._spans(first + timedelta(days=ahead)) if start > at.astimezone(UTC)]
            if starts:
                return self._local(min(starts))
        return None

    def after(self, at: datetime, span: timedelta) -> datetime | None:
        """When people will have been at work for that long since this moment; None if not within a year."""
        moment, left, first = at.astimezone(UTC), span, self._day(at)
        for ahead in range(LOOK_AHEAD):
            for start, end in sorted(self._spans(first + timedelta(days=ahead))):
                begins = max(start, moment)
                if begins < end and begins + left <= end:
                    return self._local(begins + left)
                left -= max(end - begins, timedelta())
                moment = max(moment, end)
        return None

    def _spans(self, day: date) -> Iterator[Span]:
        """A day's spans in UTC, since aware times of one zone compare by their wall clock."""
        if day in self.holidays:
            return
        for weekday, opens, closes in self.week:
            if weekday == day.weekday():
                last = day + timedelta(days=1) if closes == MIDNIGHT else day
                yield self._moment(day, opens), self._moment(last, closes)

    def _moment(self, day: date, clock: time) -> datetime:
        return datetime.combine(day, clock, self.zone).astimezone(UTC)

    def _day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self.zone)
