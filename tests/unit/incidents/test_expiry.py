"""How long a started test lives: E01, E03–E07, E54, A-8, A-30 by the rulebooks' data; and properties."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.incidents.domain.values import Basis
from services.incidents.domain.windows import (
    PACIFIC,
    Expiry,
    Lifetime,
    Limit,
    Window,
    expiry,
    pacific_date,
)
from tests.support.http.tokens import SCHOOL
from tests.support.incidents.states import LIBRARY, RULES

JULY_15 = date(2019, 7, 15)
DAYS = st.dates(date(2015, 8, 1), date(2036, 7, 15))
LIVES = st.builds(
    Lifetime, st.none() | st.integers(1, 60), st.booleans(), st.just("M p61"), st.just(Basis.STATED)
)


def window(closes_on: date) -> Window:
    return Window(SCHOOL, date(2015, 1, 13), closes_on)


def life(test: str, started_on: date, closes_on: date | None = None, year: str = "2018-19") -> Expiry:
    rules = LIBRARY.for_year(year)
    selected = window(closes_on) if closes_on else None
    return expiry(started_on, rules.lifetimes[test], selected, rules.testing_window.latest.of(year))


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=PACIFIC)


@pytest.mark.parametrize("test", ["sb_ela_cat", "cast"], ids=["E01", "E03"])
def test_with_20_days_to_go_and_15_left_in_the_window_it_ends_after_15(test: str) -> None:
    today = date(2019, 4, 12)
    started_on, closes_on = today - timedelta(45 - 20), today + timedelta(15)
    found = life(test, started_on, closes_on)
    assert (found.expires_on - today, found.limited_by) == (timedelta(15), Limit.WINDOW)


def test_e04_k11_a_pt_is_usable_on_day_ten_and_expired_on_the_next() -> None:
    found = life("sb_ela_pt", date(2019, 4, 1), date(2019, 5, 31))
    assert (found.expires_on, found.limited_by) == (date(2019, 4, 11), Limit.DAYS)
    assert not found.has_expired(noon(date(2019, 4, 11)))
    assert found.has_expired(noon(date(2019, 4, 12)))


def test_e05_k10_a_cat_is_usable_on_day_45_and_expired_on_the_next() -> None:
    found = life("sb_math_cat", date(2019, 3, 1), date(2019, 7, 1))  # summer time begins in between
    assert (found.expires_on, found.limited_by) == (date(2019, 4, 15), Limit.DAYS)
    assert not found.has_expired(noon(date(2019, 4, 15)))
    assert found.has_expired(noon(date(2019, 4, 16)))


def test_e06_e07_only_the_ela_pt_is_submitted_when_it_expires() -> None:
    for year in LIBRARY.years():
        lifetimes = LIBRARY.for_year(year).lifetimes
        assert {test for test, life in lifetimes.items() if life.submitted_on_expiry} == {"sb_ela_pt"}


def test_e54_an_unfinished_csa_ends_on_july_15_whatever_the_count_of_days() -> None:
    found = life("csa", date(2019, 4, 1))
    assert (found.expires_on, found.limited_by) == (JULY_15, Limit.YEAR)
    assert found.has_expired(datetime(2019, 7, 16, 7, tzinfo=UTC))


@pytest.mark.parametrize("test", ["caa_sci_pt1", "caa_sci_pt2", "caa_sci_pt3"])
def test_a_30_each_science_task_has_45_days_or_until_the_year_ends(test: str) -> None:
    assert life(test, date(2019, 1, 8)).expires_on == date(2019, 2, 22)
    assert life(test, date(2019, 6, 20)) == Expiry(JULY_15, Limit.YEAR)


def test_k12_a_paper_test_of_2015_16_lives_three_weeks() -> None:
    assert life("sb_ela_paper", date(2016, 4, 1), year="2015-16").expires_on == date(2016, 4, 22)
    assert life("sb_ela_paper", date(2019, 4, 1)) == Expiry(JULY_15, Limit.YEAR)


def test_a_8_a_test_is_usable_through_the_last_second_of_its_day_in_california() -> None:
    found = life("sb_ela_pt", date(2019, 4, 1))
    assert found.usable_through == datetime(2019, 4, 12, 6, 59, 59, tzinfo=UTC)
    assert not found.has_expired(found.usable_through)
    assert found.has_expired(found.usable_through + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("started_on", "through"),
    [
        (date(2019, 2, 28), datetime(2019, 3, 11, 6, 59, 59, tzinfo=UTC)),  # March 10 has 23 hours
        (date(2018, 10, 25), datetime(2018, 11, 5, 7, 59, 59, tzinfo=UTC)),  # November 4 has 25
    ],
    ids=["spring forward", "fall back"],
)
def test_a_change_of_the_clocks_moves_no_last_day(started_on: date, through: datetime) -> None:
    last = started_on + timedelta(10)
    assert Expiry(last, Limit.DAYS).usable_through == through
    assert pacific_date(through) == last


@given(DAYS, LIVES, st.none() | DAYS, DAYS)
def test_the_earliest_of_the_three_limits_ends_a_test(
    started_on: date, lifetime: Lifetime, closes_on: date | None, latest: date
) -> None:
    found = expiry(started_on, lifetime, window(closes_on) if closes_on else None, latest)
    ends = {Limit.WINDOW: closes_on, Limit.YEAR: latest}
    ends[Limit.DAYS] = started_on + timedelta(lifetime.days) if lifetime.days else None
    assert found.expires_on == min(day for day in ends.values() if day)
    assert ends[found.limited_by] == found.expires_on


@given(DAYS)
def test_every_last_day_is_usable_to_its_last_second_and_no_longer(last: date) -> None:
    found = Expiry(last, Limit.DAYS)
    local = found.usable_through.astimezone(PACIFIC)
    assert (local.date(), local.hour, local.minute, local.second) == (last, 23, 59, 59)
    assert not found.has_expired(found.usable_through)
    assert found.has_expired(found.usable_through + timedelta(seconds=1))


@given(DAYS, LIVES, DAYS, DAYS)
def test_a_later_end_of_the_window_never_shortens_a_life(
    started_on: date, lifetime: Lifetime, closes_on: date, latest: date
) -> None:
    sooner = expiry(started_on, lifetime, window(closes_on), latest)
    later = expiry(started_on, lifetime, window(closes_on + timedelta(1)), latest)
    assert sooner.expires_on <= later.expires_on


def test_every_test_of_every_year_has_a_lifetime_with_its_source() -> None:
    for year in LIBRARY.years():
        rules = LIBRARY.for_year(year)
        assert rules.lifetimes.keys() == rules.tests.keys()
        assert all(life.source for life in rules.lifetimes.values())


def test_the_outer_days_are_those_of_the_year() -> None:
    assert RULES.testing_window.earliest.of("2018-19") == date(2019, 1, 8)
    assert LIBRARY.for_year("2020-21").testing_window.earliest.of("2020-21") == date(2020, 9, 1)
    assert RULES.testing_window.latest.of("2019-20") == date(2020, 7, 15)


@pytest.mark.parametrize(
    ("days", "closes_on", "named"),
    [
        (10, date(2019, 4, 11), Limit.DAYS),
        (105, JULY_15, Limit.DAYS),
        (105, None, Limit.DAYS),
        (None, JULY_15, Limit.WINDOW),
    ],
    ids=["the window", "the window and the year", "the year", "the year alone"],
)
def test_of_limits_that_end_on_the_same_day_the_nearest_to_the_student_is_named(
    days: int | None, closes_on: date | None, named: Limit
) -> None:
    lifetime = Lifetime(days, submitted_on_expiry=True, source="M p61", basis=Basis.STATED)
    selected = window(closes_on) if closes_on else None
    assert expiry(date(2019, 4, 1), lifetime, selected, JULY_15).limited_by is named
