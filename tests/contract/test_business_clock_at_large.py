"""K5–K7 against a slow, obvious reference: 10,000 random instants over 2018–2036, no difference."""

from __future__ import annotations

import random
from datetime import UTC, datetime, time, timedelta
from functools import cache

from tests.unit.appeals.test_business_clock import CALENDAR, PACIFIC, holidays_by_hand

INSTANTS = 10_000
HOUR = timedelta(hours=1)
FROM, TO = datetime(2018, 1, 1, tzinfo=UTC), datetime(2036, 12, 1, tzinfo=UTC)


@cache
def is_open(hour: datetime) -> bool:
    """Whether the office is open in the hour that begins at this instant."""
    local = hour.astimezone(PACIFIC)
    return local.weekday() < 5 and local.date() not in holidays_by_hand(local.year) and 7 <= local.hour < 17


def hour_by_hour(received_at: datetime, business_days: int) -> datetime:
    """Walk the hours until the office is open; then count the days on which it opens at noon."""
    hour = received_at.replace(minute=0, second=0, microsecond=0)
    while not is_open(hour):
        hour += HOUR
    day = hour.astimezone(PACIFIC).date()
    while business_days:
        day += timedelta(days=1)
        business_days -= is_open(datetime.combine(day, time(12), PACIFIC).astimezone(UTC))
    return datetime.combine(day, time(17), PACIFIC)


def test_k5_k6_k7_differ_from_the_reference_in_none_of_ten_thousand_instants() -> None:
    chance = random.Random(20190412)
    span = (TO - FROM) // timedelta(seconds=1)
    asked = [
        (FROM + timedelta(seconds=chance.randrange(span)), chance.randint(1, 6)) for _ in range(INSTANTS)
    ]
    differing = [each for each in asked if CALENDAR.due(*each) != hour_by_hour(*each)]
    assert differing == []
