"""When a temporary failure is tried again (K21)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from services.notifications.domain.retries import GIVE_UP_AFTER, next_attempt
from tests.support.notifications.states import TUESDAY


def attempts_when_nothing_helps() -> Iterator[datetime]:
    """The instants of all attempts of a message that is deferred each time."""
    at: datetime | None = TUESDAY
    number = 0
    while at is not None:
        yield at
        number += 1
        at = next_attempt(number, TUESDAY, at)


def test_the_first_retries_follow_within_a_minute() -> None:
    assert [at - TUESDAY for at in attempts_when_nothing_helps()][:3] == [
        timedelta(0),
        timedelta(seconds=15),
        timedelta(seconds=45),
    ]


def test_within_the_two_hours_of_k21_no_gap_exceeds_a_quarter_of_an_hour() -> None:
    early = [at for at in attempts_when_nothing_helps() if at - TUESDAY <= timedelta(hours=2)]
    gaps = {later - sooner for sooner, later in itertools.pairwise(early)}
    assert max(gaps) <= timedelta(minutes=15)


def test_gaps_never_shrink() -> None:
    instants = list(attempts_when_nothing_helps())[:-1]
    gaps = [later - sooner for sooner, later in itertools.pairwise(instants)]
    assert gaps == sorted(gaps)


def test_the_last_attempt_falls_on_the_72nd_hour() -> None:
    instants = list(attempts_when_nothing_helps())
    assert instants[-1] - TUESDAY == GIVE_UP_AFTER
    assert len(instants) < 50


@pytest.mark.parametrize(
    ("attempt", "age", "gap"),
    [
        (1, timedelta(0), timedelta(seconds=15)),
        (6, timedelta(minutes=9), timedelta(minutes=10)),
        (7, timedelta(minutes=19), timedelta(minutes=15)),
        (7, timedelta(hours=2), timedelta(hours=1)),
        (7, timedelta(hours=12), timedelta(hours=4)),
        (7, timedelta(hours=71), timedelta(hours=1)),
    ],
    ids=[
        "the first",
        "the last of the first six",
        "the seventh",
        "from two hours on",
        "from twelve hours on",
        "before the end",
    ],
)
def test_the_gap_follows_the_number_of_attempts_and_then_the_age(
    attempt: int, age: timedelta, gap: timedelta
) -> None:
    assert next_attempt(attempt, TUESDAY, TUESDAY + age) == TUESDAY + age + gap


def test_after_72_hours_nothing_is_tried_again() -> None:
    assert next_attempt(7, TUESDAY, TUESDAY + GIVE_UP_AFTER) is None
