"""Deadlines of decisions in business days: K5, K6, K7 by the ruling A-10.

A request that arrives outside business hours counts as received at the next opening; the day of receipt is
not counted; the answer is due when the office closes on day N. Days are counted on the office's calendar and
only the end is turned into an instant, so a change to or from daylight saving time cannot move it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from services.appeals.domain.holidays import HolidayRule, days_off

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class BusinessCalendar:
    """When the office is open: Mon–Fri 07:00–17:00 Pacific, except on holidays (data, with a version)."""

    version: str
    zone: tzinfo
    opens: time
    closes: time  # the first moment at which nobody answers any more
    weekdays: frozenset[int]  # 0 = Monday
    holidays: tuple[HolidayRule, ...]

    def is_business_day(self, day: date) -> bool:
        """Whether the office opens on this day."""
        return day.weekday() in self.weekdays and day not in days_off(self.holidays, day.year)

    def local_date(self, at: datetime) -> date:
        """The date of an instant where the office is."""
        return at.astimezone(self.zone).date()

    def counted_as_received(self, at: datetime) -> datetime:
        """The instant itself inside business hours, the next opening otherwise; in UTC."""
        local = at.astimezone(self.zone)
        if self.is_business_day(local.date()) and local.time() < self.closes:
            opening = self._instant(local.date(), self.opens)
            return max(opening, at.astimezone(UTC))
        return self._instant(self._business_day_after(local.date()), self.opens)

    def due(self, received_at: datetime, business_days: int) -> datetime:
        """When the office closes on business day N after receipt; in UTC.

        :param business_days: N, at least 1.
        """
        if business_days < 1:
            raise ValueError("a decision takes at least one business day")
        day = self.local_date(self.counted_as_received(received_at))
        for _ in range(business_days):
            day = self._business_day_after(day)
        return self._instant(day, self.closes)

    def before(self, due_at: datetime, business_days: int) -> datetime:
        """When so many business days are left: the office closes, that many business days earlier; in UTC."""
        day = self.local_date(due_at)
        for _ in range(business_days):
            day -= ONE_DAY
            while not self.is_business_day(day):
                day -= ONE_DAY
        return self._instant(day, self.closes)

    def end_of(self, day: date) -> datetime:
        """The last moment of a day where the office is; in UTC."""
        return self._instant(day, time.max)

    def _business_day_after(self, day: date) -> date:
        day += ONE_DAY
        while not self.is_business_day(day):
            day += ONE_DAY
        return day

    def _instant(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, self.zone).astimezone(UTC)
