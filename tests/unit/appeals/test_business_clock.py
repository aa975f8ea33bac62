"""K5–K7 by A-10, against a slow and obvious reference; and other products' defects where they apply."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.appeals.domain.holidays import FixedDate, WeekdayOfMonth, days_off
from tests.support.appeals.states import POLICY

CALENDAR = POLICY.calendar
PACIFIC = ZoneInfo("America/Los_Angeles")


def pacific(year: int, month: int, day: int, hour: int = 10, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=PACIFIC)


def closing(year: int, month: int, day: int) -> datetime:
    return pacific(year, month, day, 17)


def minute_by_minute(received_at: datetime, business_days: int) -> datetime:
    """Step through the minutes until the office is open, then through the days until enough were open."""
    at = received_at.astimezone(UTC)
    while not is_open(at):
        at = (at + timedelta(minutes=1)).replace(second=0, microsecond=0)
    day = at.astimezone(PACIFIC).date()
    left = business_days
    while left:
        day += timedelta(days=1)
        left -= is_open(datetime.combine(day, time(12), PACIFIC))
    return datetime.combine(day, time(17), PACIFIC)


def is_open(at: datetime) -> bool:
    local = at.astimezone(PACIFIC)
    weekday = local.weekday() < 5
    return weekday and local.date() not in holidays_by_hand(local.year) and 7 <= local.hour < 17


@cache
def holidays_by_hand(year: int) -> set[date]:
    """CalHR's list, written out a second time and differently."""
    thursdays = [date(year, 11, d) for d in range(1, 31) if date(year, 11, d).weekday() == 3]
    mondays = {m: [d for d in month_of(year, m) if d.weekday() == 0] for m in (1, 2, 5, 9)}
    floating = {mondays[1][2], mondays[2][2], mondays[5][-1], mondays[9][0]}
    floating |= {thursdays[3], thursdays[3] + timedelta(days=1)}
    fixed = {date(year, 1, 1), date(year, 3, 31), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)}
    mondays_after = {d + timedelta(days=1) for d in fixed if d.weekday() == 6}
    fridays_before = {d - timedelta(days=1) for d in fixed if d == date(year, 11, 11) and d.weekday() == 5}
    return floating | {d for d in fixed if d.weekday() < 5} | mondays_after | fridays_before


def month_of(year: int, month: int) -> list[date]:
    first = date(year, month, 1)
    return [first + timedelta(days=n) for n in range(31) if (first + timedelta(days=n)).month == month]


instants = st.datetimes(
    min_value=datetime(2018, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds; the zone comes below
    max_value=datetime(2036, 12, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@settings(max_examples=60, deadline=None)
@given(received_at=instants, business_days=st.integers(1, 6))
def test_k5_k6_k7_agree_with_a_clock_that_steps_through_every_minute(
    received_at: datetime, business_days: int
) -> None:
    assert CALENDAR.due(received_at, business_days) == minute_by_minute(received_at, business_days)


@settings(max_examples=100)
@given(received_at=instants, later=st.timedeltas(timedelta(0), timedelta(days=20)), days=st.integers(1, 5))
def test_a_later_request_is_never_due_earlier(received_at: datetime, later: timedelta, days: int) -> None:
    assert CALENDAR.due(received_at + later, days) >= CALENDAR.due(received_at, days) > received_at


@pytest.mark.parametrize("year", range(2018, 2037))
def test_the_holiday_rules_close_the_same_weekdays_as_the_published_list(year: int) -> None:
    assert {d for d in days_off(CALENDAR.holidays, year) if d.weekday() < 5} == holidays_by_hand(year)


def test_e20_a_reset_received_friday_ten_o_clock_is_due_tuesday_at_five() -> None:
    assert CALENDAR.due(pacific(2019, 4, 12, 10), 2) == closing(2019, 4, 16)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        pytest.param(
            pacific(2019, 4, 8, 9), closing(2019, 4, 12), id="Monday: the day of receipt is not counted"
        ),
        pytest.param(pacific(2019, 4, 8, 6, 59), closing(2019, 4, 12), id="before opening: counts as Monday"),
        pytest.param(
            pacific(2019, 4, 8, 16, 59), closing(2019, 4, 12), id="the last minute counts as Monday"
        ),
        pytest.param(pacific(2019, 4, 8, 17), closing(2019, 4, 15), id="at closing: counts as Tuesday"),
        pytest.param(pacific(2019, 4, 13, 12), closing(2019, 4, 19), id="Saturday: counts as Monday"),
        pytest.param(pacific(2019, 11, 27, 10), closing(2019, 12, 5), id="Thanksgiving and the day after"),
        pytest.param(pacific(2019, 3, 29, 10), closing(2019, 4, 5), id="Sunday 31 March: observed on Monday"),
        pytest.param(
            pacific(2023, 11, 8, 10), closing(2023, 11, 15), id="Saturday 11 November: on the Friday"
        ),
        pytest.param(pacific(2018, 12, 31, 10), closing(2019, 1, 7), id="over New Year"),
    ],
)
def test_k5_four_business_days(received: datetime, due: datetime) -> None:
    assert CALENDAR.due(received, 4) == due


@pytest.mark.parametrize(
    "received", [pacific(2027, 3, 12, 10), pacific(2027, 11, 5, 10)], ids=["spring forward", "fall back"]
)
def test_the_office_closes_at_five_on_both_sides_of_a_change_of_daylight_saving(received: datetime) -> None:
    due = CALENDAR.due(received, 2)
    assert due.astimezone(PACIFIC).time() == time(17)
    assert due.astimezone(PACIFIC).date() == received.date() + timedelta(days=4)


def test_a_clock_of_no_days_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        CALENDAR.due(pacific(2019, 4, 12), 0)


def test_museum_2_and_3_an_edited_calendar_moves_no_clock_that_was_computed_before() -> None:
    before = POLICY.decide_by(POLICY.routes[0].clock, pacific(2019, 4, 8))
    edited = replace(CALENDAR, version="edited", weekdays=frozenset({0}))
    assert replace(POLICY, calendar=edited).decide_by(POLICY.routes[0].clock, pacific(2019, 4, 8)) != before
    assert before == closing(2019, 4, 12)


def test_museum_4_a_clock_that_crosses_nights_ends_at_closing_and_never_at_midnight() -> None:
    ends = {CALENDAR.due(pacific(2019, 4, 8, hour), 1).astimezone(PACIFIC).time() for hour in range(24)}
    assert ends == {time(17)}


def test_museum_7_the_zone_of_the_instant_does_not_matter() -> None:
    here = pacific(2019, 4, 12, 10)
    elsewhere = [here.astimezone(ZoneInfo(zone)) for zone in ("UTC", "Europe/Paris", "Asia/Tokyo")]
    assert {CALENDAR.due(at, 2) for at in elsewhere} == {closing(2019, 4, 16)}


@pytest.mark.parametrize("hour", [0, 3, 6, 17, 20, 23])
def test_museum_8_a_request_outside_hours_never_has_no_time_at_all(hour: int) -> None:
    received = pacific(2019, 4, 13, hour)
    assert CALENDAR.due(received, 1) - received > timedelta(days=1)


@pytest.mark.parametrize(
    "day",
    [date(2019, 10, 14), date(2024, 6, 19), date(2027, 12, 24), date(2027, 12, 31), date(2026, 7, 3)],
    ids=[
        "Columbus Day",
        "Juneteenth",
        "Friday before Christmas",
        "Friday before New Year",
        "Friday before July 4",
    ],
)
def test_museum_9_a_day_that_only_feeds_call_a_holiday_is_a_business_day(day: date) -> None:
    assert CALENDAR.is_business_day(day)


def test_museum_10_only_the_end_of_the_day_is_computed_so_no_break_can_disturb_it() -> None:
    dues = {CALENDAR.due(pacific(2019, 4, 9, hour, 30), 4) for hour in range(17)}
    assert dues == {closing(2019, 4, 15)}


def test_museum_11_a_holiday_inside_the_clock_is_never_counted() -> None:
    assert CALENDAR.due(pacific(2019, 7, 3), 1) == closing(2019, 7, 5)


@pytest.mark.parametrize(
    ("rule", "day"),
    [
        (FixedDate("June 19", 6, 19, since=2024), date(2024, 6, 19)),
        (WeekdayOfMonth("the first Monday of June", 6, weekday=0, nth=1, since=2024), date(2024, 6, 3)),
    ],
    ids=["a date", "a weekday"],
)
def test_a_holiday_closes_the_office_from_its_first_year_on(
    rule: FixedDate | WeekdayOfMonth, day: date
) -> None:
    assert [rule.day_off(year) for year in (2023, 2024)] == [None, day]


@pytest.mark.parametrize(
    ("rule", "days"),
    [
        (FixedDate("a Saturday that is lost", 6, 1), [date(2018, 6, 1), None, date(2020, 6, 1)]),
        (
            FixedDate("the Friday before", 6, 1, when_saturday=-1),
            [date(2018, 6, 1), date(2019, 5, 31), date(2020, 6, 1)],
        ),
        (FixedDate("the Monday after", 6, 2), [None, date(2019, 6, 3), date(2020, 6, 2)]),
        (FixedDate("a Sunday that is lost", 6, 2, when_sunday=0), [None, None, date(2020, 6, 2)]),
        (
            WeekdayOfMonth("the last Monday of May", 5, weekday=0, nth=-1),
            [date(2018, 5, 28), date(2019, 5, 27), date(2020, 5, 25)],
        ),
        (
            WeekdayOfMonth("the last Tuesday of December", 12, weekday=1, nth=-1),
            [date(2018, 12, 25), date(2019, 12, 31), date(2020, 12, 29)],
        ),
        (
            WeekdayOfMonth("the day after the fourth Thursday", 11, weekday=3, nth=4, days_after=1),
            [date(2018, 11, 23), date(2019, 11, 29), date(2020, 11, 27)],
        ),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_holiday_rule_finds_its_day(rule: FixedDate | WeekdayOfMonth, days: list[date | None]) -> None:
    assert [rule.day_off(year) for year in (2018, 2019, 2020)] == days
