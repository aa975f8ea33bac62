"""When a temporary failure is tried again (K21)."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta

from services.notifications.domain.retries import GIVE_UP_AFTER, next_attempt
from tests.support.notification_states import TUESDAY


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
