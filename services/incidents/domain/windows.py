"""Testing windows and the life of a started test: a year's days (§2.2, §2.3; K8, K10–K12).

Every day is a whole day in California: what ends on a day can be used until that day is over there (A-8).
Days are counted as dates, and only the last one becomes an instant, so no change of the clocks moves it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.incidents.domain.errors import InvalidWindow
from services.incidents.domain.values import Basis
from shared.kernel.errors import Issue

PACIFIC = ZoneInfo("America/Los_Angeles")
LAST_SECOND = time(23, 59, 59)
JULY = 7


@dataclass(frozen=True)
class DayOfYear:
    """A month and a day in an administration year; up to July 31 they lie in its second calendar year."""

    month: int
    day: int

    def of(self, year: str) -> date:
        """The date.

        :param year: the administration year, ``2018-19``.
        """
        first = int(year[:4])
        return date(first + 1 if self.month <= JULY else first, self.month, self.day)


@dataclass(frozen=True)
class WindowRule:
    """The days between which a year's windows lie, and how long after their end cases are still taken."""

    earliest: DayOfYear
    latest: DayOfYear
    reporting_days: int  # calendar days (K8, A-2)

    def require_possible(self, opens_on: date, closes_on: date, year: str) -> None:
        """Require dates that a window of this year can have.

        :raises InvalidWindow: it ends before it begins, or lies outside of the year; issues say which.
        """
        if issues := list(self._issues(opens_on, closes_on, year)):
            raise InvalidWindow("These cannot be the dates of a testing window.", issues=issues)

    def _issues(self, opens_on: date, closes_on: date, year: str) -> Iterator[Issue]:
        earliest, latest = self.earliest.of(year), self.latest.of(year)
        if closes_on < opens_on:
            yield Issue("/closes_on", "closes_before_opens", "The window closes before it opens.")
        for pointer, day in (("/opens_on", opens_on), ("/closes_on", closes_on)):
            if not earliest <= day <= latest:
                said = f"A window of {year} lies between {earliest} and {latest}."
                yield Issue(pointer, "outside_the_year", said)


@dataclass(frozen=True)
class Window:
    """The selected testing window of an LEA or a school in one year; both days belong to it."""

    cds: str
    opens_on: date
    closes_on: date


@dataclass(frozen=True)
class Lifetime:
    """How long a test can be used once it was started (§2.3)."""

    days: int | None  # calendar days; None: only the window and the year end it
    submitted_on_expiry: bool  # with any response registered it is submitted, not lost (M p62)
    source: str
    basis: Basis


class Limit(StrEnum):
    """What ends a test."""

    DAYS = "days"
    WINDOW = "window"
    YEAR = "year"


@dataclass(frozen=True)
class Expiry:
    """The last day of a started test, and what made it the last."""

    expires_on: date
    limited_by: Limit

    @property
    def usable_through(self) -> datetime:
        """The last second of that day in California, in UTC."""
        return datetime.combine(self.expires_on, LAST_SECOND, PACIFIC).astimezone(UTC)

    def has_expired(self, at: datetime) -> bool:
        """Whether the last day is over."""
        return pacific_date(at) > self.expires_on


def expiry(started_on: date, lifetime: Lifetime, window: Window | None, latest: date) -> Expiry:
    """Day N after the start (day 0), the window's end or the year's, whichever comes first (A-8, A-30).

    :param window: the selected window, where one is known.
    :param latest: the year's outer date.
    """
    limits = [(latest, Limit.YEAR)]
    if window is not None:
        limits.insert(0, (window.closes_on, Limit.WINDOW))
    if lifetime.days is not None:
        limits.insert(0, (started_on + timedelta(lifetime.days), Limit.DAYS))
    return Expiry(*min(limits, key=lambda limit: limit[0]))


def pacific_date(at: datetime) -> date:
    """The day that it is in California."""
    return at.astimezone(PACIFIC).date()
