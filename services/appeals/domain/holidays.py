"""Holiday rules as data, and the days that a year's rules close the office on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Protocol

SATURDAY, SUNDAY = 5, 6
WEEK = 7


class HolidayRule(Protocol):
    """Something that closes the office on at most one day of a year."""

    def day_off(self, year: int) -> date | None:
        """The day on which the office is closed for this holiday; None when it costs no working day."""
        ...


@dataclass(frozen=True)
class FixedDate:
    """A holiday with a date; what a weekend does to it is part of the rule."""

    name: str
    month: int
    day: int
    when_saturday: int = 0  # days to move: -1 = the Friday before; 0 = no day off
    when_sunday: int = 1  # 1 = the Monday after
    since: int = 0

    def day_off(self, year: int) -> date | None:
        """The date, or the day to which a weekend moves it; None on a Saturday that is not moved."""
        if year < self.since:
            return None
        day = date(year, self.month, self.day)
        moved = {SATURDAY: self.when_saturday, SUNDAY: self.when_sunday}.get(day.weekday())
        if moved is None:
            return day
        return day + timedelta(moved) if moved else None


@dataclass(frozen=True)
class WeekdayOfMonth:
    """The nth weekday of a month, some days later: the day after the fourth Thursday of November."""

    name: str
    month: int
    weekday: int  # 0 = Monday
    nth: int  # 1 = first; -1 = last
    days_after: int = 0
    since: int = 0

    def day_off(self, year: int) -> date | None:
        """The day, which is never on a weekend."""
        if year < self.since:
            return None
        return _nth(year, self.month, self.weekday, self.nth) + timedelta(self.days_after)


def _nth(year: int, month: int, weekday: int, nth: int) -> date:
    if nth > 0:
        first = date(year, month, 1)
        return first + timedelta((weekday - first.weekday()) % WEEK + WEEK * (nth - 1))
    last = date(year + month // 12, month % 12 + 1, 1) - timedelta(1)
    return last - timedelta((last.weekday() - weekday) % WEEK)


@lru_cache(maxsize=256)
def _days_off(rules: tuple[HolidayRule, ...], year: int) -> frozenset[date]:
    near = (rule.day_off(y) for rule in rules for y in (year - 1, year, year + 1))
    return frozenset(day for day in near if day is not None and day.year == year)


def days_off(rules: Iterable[HolidayRule], year: int) -> frozenset[date]:
    """The days of a year on which the office is closed for a holiday."""
    return _days_off(tuple(rules), year)
