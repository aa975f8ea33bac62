"""Rulebooks by administration year, read once at start."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from zoneinfo import ZoneInfo

import yaml

from services.appeals.domain.business_clock import BusinessCalendar
from services.appeals.domain.holidays import FixedDate, HolidayRule, WeekdayOfMonth
from services.appeals.domain.policy import DecisionClock, Policy, Reason, Route, TypeRule
from services.appeals.rulebooks.schema import CalendarFile, HolidayEntry, RouteEntry, RulebookFile

DEFAULT_YEAR = "2018-19"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Rulebooks:
    """The policies of the years that have one; every other year is decided by the default's (ADR 0010)."""

    by_year: Mapping[str, Policy]

    def for_year(self, administration_year: str) -> Policy:
        """The policy of a year, e.g. ``2018-19``."""
        return self.by_year.get(administration_year, self.by_year[DEFAULT_YEAR])


def read_rulebooks() -> Rulebooks:
    """Read and check every file of this room.

    :raises pydantic.ValidationError: a file is not a rulebook; the error says where.
    """
    folder = files(__package__)
    texts = [path.read_bytes() for path in folder.iterdir() if path.name.endswith(".yaml")]
    policies = [policy_of(text, folder) for text in texts]
    return Rulebooks({policy.year: policy for policy in policies})


def policy_of(text: bytes, folder: Traversable) -> Policy:
    """The policy that one rulebook file describes."""
    book = RulebookFile.model_validate(yaml.safe_load(text))
    clocks = {
        name: DecisionClock(name, entry.business_days, entry.published) for name, entry in book.clocks.items()
    }
    return Policy(
        year=book.year,
        version=_version(text),
        routes=tuple(_route(entry, clocks) for entry in book.routes),
        types={
            kind: TypeRule(kind, entry.withdrawable, entry.effect, entry.reopened_days)
            for kind, entry in book.types.items()
        },
        tests=book.tests,
        reasons=_reasons(book),
        calendar=calendar_of((folder / "holidays" / f"{book.calendar}.yaml").read_bytes()),
    )


def calendar_of(text: bytes) -> BusinessCalendar:
    """The calendar that one file describes."""
    file = CalendarFile.model_validate(yaml.safe_load(text))
    return BusinessCalendar(
        version=_version(text),
        zone=ZoneInfo(file.zone),
        opens=file.opens,
        closes=file.closes,
        weekdays=frozenset(WEEKDAYS.index(day) for day in file.weekdays),
        holidays=tuple(_holiday(entry) for entry in file.holidays),
    )


def _version(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:16]


def _route(entry: RouteEntry, clocks: Mapping[str, DecisionClock]) -> Route:
    named = entry.model_dump(exclude={"basis", "clock"})
    return Route(**{**named, "clock": clocks[entry.clock]})


def _reasons(book: RulebookFile) -> dict[str, Reason]:
    return {
        name: Reason(name, entry.refusal or name, entry.text, entry.source)
        for name, entry in book.reasons.items()
    }


def _holiday(entry: HolidayEntry) -> HolidayRule:
    if entry.day is not None:
        return FixedDate(
            entry.name, entry.month, entry.day, entry.when_saturday, entry.when_sunday, entry.since
        )
    weekday = WEEKDAYS.index(entry.weekday or "monday")
    return WeekdayOfMonth(entry.name, entry.month, weekday, entry.nth or 1, entry.days_after, entry.since)
