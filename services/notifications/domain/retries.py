"""When to try again after a temporary failure: often at first, then ever more rarely, for 72 hours.

The confirmation is expected within two hours (K21): within them no gap exceeds a quarter of an hour.
"""

from __future__ import annotations

from datetime import datetime, timedelta

GIVE_UP_AFTER = timedelta(hours=72)
EXPECTED_WITHIN = timedelta(hours=2)  # K21: after that somebody has to look
FIRST_DELAYS = (
    timedelta(seconds=15),
    timedelta(seconds=30),
    timedelta(minutes=1),
    timedelta(minutes=2),
    timedelta(minutes=5),
    timedelta(minutes=10),
)
LATER_DELAYS = (  # age of the first attempt up to which the delay applies
    (timedelta(hours=2), timedelta(minutes=15)),
    (timedelta(hours=12), timedelta(hours=1)),
    (GIVE_UP_AFTER, timedelta(hours=4)),
)
LONGEST_DELAY = LATER_DELAYS[-1][1]  # what is due later than that from now was put there by a wrong clock


def next_attempt(attempt: int, first_attempt_at: datetime, at: datetime) -> datetime | None:
    """When the next attempt is due after the ``attempt``-th (from 1) failed at ``at``; None: give up.

    The last attempt falls on the 72nd hour itself.
    """
    age = at - first_attempt_at
    if age >= GIVE_UP_AFTER:
        return None
    return min(at + _delay(attempt, age), first_attempt_at + GIVE_UP_AFTER)


def _delay(attempt: int, age: timedelta) -> timedelta:
    if attempt <= len(FIRST_DELAYS):
        return FIRST_DELAYS[attempt - 1]
    return next(delay for limit, delay in LATER_DELAYS if age < limit)
