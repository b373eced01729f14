"""Business hours over zones, changes of the clock and holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supportbot.workspaces.hours import Hours

LONDON, NEW_YORK, AUCKLAND = (ZoneInfo(name) for name in ("Europe/London", "America/New_York", "Pacific/Auckland"))
OFFICE = [*((day, time(9), time(18)) for day in range(5)), (5, time(10), time(16))]
SHOP = Hours(LONDON, OFFICE, frozenset({date(2026, 12, 25), date(2026, 12, 28)}))
ALWAYS = [(day, time(0), time(0)) for day in range(7)]


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        (utc(2026, 11, 23, 8, 59, 59), False),  # a Monday in winter: London is at UTC
        (utc(2026, 11, 23, 9), True),
        (utc(2026, 11, 23, 17, 59, 59), True),
        (utc(2026, 11, 23, 18), False),
        (utc(2026, 11, 28, 9, 30), False),  # Saturday opens at 10
        (utc(2026, 11, 28, 10), True),
        (utc(2026, 11, 29, 12), False),  # Sunday
        (utc(2026, 7, 6, 8), True),  # a Monday in summer: 9:00 in London
        (utc(2026, 7, 6, 17), False),  # 18:00 in London
        (utc(2026, 12, 25, 12), False),  # a Friday, but a holiday
        (datetime(2026, 11, 23, 4, 30, tzinfo=NEW_YORK), True),  # 9:30 in London
        (datetime(2026, 11, 24, 1, 0, tzinfo=AUCKLAND), True),  # Tuesday there, Monday noon in London
    ],
)
def test_a_moment_of_any_zone_is_open_or_not(at: datetime, is_open: bool) -> None:
    assert SHOP.is_open(at) is is_open


@pytest.mark.parametrize(
    ("at", "opens"),
    [
        (utc(2026, 11, 23, 7), utc(2026, 11, 23, 9)),
        (utc(2026, 11, 23, 19), utc(2026, 11, 24, 9)),
        (utc(2026, 11, 28, 17), utc(2026, 11, 30, 9)),  # over Sunday
        (utc(2026, 12, 24, 20), utc(2026, 12, 26, 10)),  # over Christmas Day to a Saturday
        (utc(2026, 12, 26, 20), utc(2026, 12, 29, 9)),  # over a Sunday and a holiday
        (utc(2026, 3, 28, 18), utc(2026, 3, 30, 8)),  # the clock goes forward on the Sunday between
        (utc(2026, 10, 24, 18), utc(2026, 10, 26, 9)),  # and back
    ],
)
def test_next_opening_skips_what_is_closed(at: datetime, opens: datetime) -> None:
    assert SHOP.next_opening(at) == opens


def test_next_opening_is_told_in_the_zone_of_the_hours() -> None:
    opens = SHOP.next_opening(utc(2026, 7, 5, 12))
    assert opens and (opens.hour, opens.tzname()) == (9, "BST")


def test_two_spans_of_a_day_leave_a_break() -> None:
    hours = Hours(LONDON, [(0, time(9), time(12)), (0, time(13), time(17))])
    assert not hours.is_open(utc(2026, 11, 23, 12, 30))
    assert hours.next_opening(utc(2026, 11, 23, 12, 30)) == utc(2026, 11, 23, 13)
    assert hours.closes_at(utc(2026, 11, 23, 10)) == utc(2026, 11, 23, 12)


def test_a_span_to_midnight_meets_the_next_day() -> None:
    assert Hours(NEW_YORK, ALWAYS).is_open(datetime(2026, 11, 23, 23, 59, 59, tzinfo=NEW_YORK))


def test_the_night_of_the_change_is_counted_by_the_clock_on_the_wall() -> None:
    night = Hours(NEW_YORK, [(6, time(1, 30), time(3))])
    forward = [night.is_open(utc(2026, 3, 8, hour, 45)) for hour in (5, 6, 7)]  # 2:00 becomes 3:00 at 7:00 UTC
    assert forward == [False, True, False]
    back = [night.is_open(utc(2026, 11, 1, hour, 45)) for hour in (4, 5, 6, 7, 8)]  # 1:00 to 2:00 comes twice
    assert back == [False, True, True, True, False]


def test_without_hours_or_with_a_year_of_holidays_nothing_opens() -> None:
    at = utc(2026, 1, 1)
    closed = frozenset(date(2026, 1, 1) + timedelta(days=n) for n in range(500))
    assert Hours(LONDON, []).next_opening(at) is None
    assert Hours(LONDON, ALWAYS, closed).next_opening(at) is None


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["Europe/London", "America/New_York", "Asia/Kolkata", "Pacific/Auckland", "America/St_Johns"]),
)
def test_whoever_comes_at_the_next_opening_finds_it_open(at: datetime, zone: str) -> None:
    hours = Hours(ZoneInfo(zone), OFFICE)
    opens = hours.next_opening(at)
    assert opens and opens > at and hours.is_open(opens)
    assert hours.is_open(at) or not hours.is_open(opens - timedelta(seconds=1))


def test_a_span_of_work_leaves_out_nights_and_holidays() -> None:
    assert SHOP.after(utc(2026, 11, 23, 9), timedelta(hours=9)) == utc(2026, 11, 23, 18)
    assert SHOP.after(utc(2026, 11, 23, 17, 30), timedelta(hours=1)) == utc(2026, 11, 24, 9, 30)
    assert SHOP.after(utc(2026, 12, 24, 17), timedelta(hours=2)) == utc(2026, 12, 26, 11), "after a holiday"
    assert SHOP.after(utc(2026, 12, 26, 15), timedelta(hours=2)) == utc(2026, 12, 29, 10), "after Sunday and another"


def test_spans_that_overlap_count_once() -> None:
    hours = Hours(ZoneInfo("UTC"), [(0, time(9), time(12)), (0, time(10), time(13))])
    assert hours.after(utc(2026, 11, 23, 9), timedelta(hours=4)) == utc(2026, 11, 23, 13)
    assert Hours(ZoneInfo("UTC"), []).after(utc(2026, 11, 23), timedelta(minutes=1)) is None
