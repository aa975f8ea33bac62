"""Rulebooks by administration year, read once at start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from services.appeals.domain.business_calendar import BusinessCalendar
from services.appeals.domain.holidays import FixedDate, HolidayRule, WeekdayOfMonth
from services.appeals.domain.policy import (
    AppealPolicy,
    DecisionDeadlineRule,
    Retest,
    Route,
    TypeRule,
    WithheldReason,
)
from services.appeals.rulebooks.references import dangling
from services.appeals.rulebooks.schema import (
    CalendarFile,
    DeadlineEntry,
    HolidayEntry,
    RetestEntry,
    RouteEntry,
    RulebookFile,
)
from shared.rulebooks.inheritance import whole
from shared.rulebooks.judging import judged, refuse, version_of
from shared.rulebooks.layers import Layer, RulebookFault, read_layer, read_layers

HERE = Path(__file__).parent
DEFAULT_YEAR = "2018-19"
LITTLE_TIME = "little_time_to_test"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Rulebooks:
    """The policies of the years that have one; every other year is decided by the default's (ADR 0010)."""

    by_year: Mapping[str, AppealPolicy]

    def for_year(self, administration_year: str) -> AppealPolicy:
        """The policy of a year, e.g. ``2018-19``."""
        return self.by_year.get(administration_year, self.by_year[DEFAULT_YEAR])

    def calendar_version(self, administration_year: str) -> str:
        """The version of the calendar by which a year's decision clocks count now."""
        return self.for_year(administration_year).calendar.version


def read_rulebooks(folder: Path = HERE) -> Rulebooks:
    """Read and check every file of this room.

    :raises RulebookFault: a file is not a rulebook, or the default year is missing; it says where.
    """
    layers = read_layers(folder)
    if DEFAULT_YEAR not in layers:
        raise RulebookFault(f"{folder}: there is no rulebook for the default year {DEFAULT_YEAR}")
    return Rulebooks({year: policy_of(whole(year, layers), folder) for year in layers})


def policy_of(layer: Layer, folder: Path = HERE) -> AppealPolicy:
    """The policy that one year's words describe.

    :param folder: where the holidays stand.
    :raises RulebookFault: they describe none.
    """
    book = judged(RulebookFile, layer)
    refuse(layer, dangling(book))
    clocks = {name: _clock(name, entry) for name, entry in book.clocks.items()}
    return AppealPolicy(
        year=book.year,
        version=version_of(layer.raw),
        clocks=clocks,
        routes=tuple(_route(name, entry, clocks) for name, entry in book.routes.items()),
        types={
            kind: TypeRule(kind, entry.withdrawable, entry.effect, entry.reopened_days)
            for kind, entry in book.types.items()
        },
        tests={code: entry.parts for code, entry in book.tests.items()},
        paper_tests=frozenset(code for code, entry in book.tests.items() if entry.on_paper),
        reasons=_reasons(book),
        retest=_retest(book.retest),
        calendar=_calendar_named(book.calendar, layer, folder),
    )


def calendar_of(layer: Layer) -> BusinessCalendar:
    """The calendar that one file's words describe.

    :raises RulebookFault: they describe none.
    """
    file = judged(CalendarFile, layer)
    return BusinessCalendar(
        version=version_of(layer.raw),
        zone=ZoneInfo(file.zone),
        opens=file.opens,
        closes=file.closes,
        weekdays=frozenset(WEEKDAYS.index(day) for day in file.weekdays),
        holidays=tuple(_holiday(entry) for entry in file.holidays),
    )


def _calendar_named(name: str, layer: Layer, folder: Path) -> BusinessCalendar:
    file = folder / "holidays" / f"{name}.yaml"
    if not file.is_file():
        refuse(layer, [(("calendar",), f"there is no calendar {name}")])
    return calendar_of(read_layer([file]))


def _clock(name: str, entry: DeadlineEntry) -> DecisionDeadlineRule:
    warnings = tuple(int(each[1:-2]) for each in entry.warnings)
    return DecisionDeadlineRule(
        name, entry.business_days, entry.published, entry.title, warnings, announced=entry.announced
    )


def _route(name: str, entry: RouteEntry, clocks: Mapping[str, DecisionDeadlineRule]) -> Route:
    named = entry.model_dump(exclude={"basis", "clock", "inherited_from"})
    return Route(**{**named, "id": name, "clock": clocks[entry.clock]})


def _reasons(book: RulebookFile) -> dict[str, WithheldReason]:
    return {
        name: WithheldReason(name, entry.refusal or name, entry.text, entry.source)
        for name, entry in book.reasons.items()
    }


def _retest(entry: RetestEntry) -> Retest:
    return Retest(
        entry.types, entry.business_days, WithheldReason(LITTLE_TIME, LITTLE_TIME, entry.text, entry.source)
    )


def _holiday(entry: HolidayEntry) -> HolidayRule:
    if entry.day is not None:
        return FixedDate(
            entry.name, entry.month, entry.day, entry.when_saturday, entry.when_sunday, entry.since
        )
    weekday = WEEKDAYS.index(entry.weekday or "monday")
    return WeekdayOfMonth(entry.name, entry.month, weekday, entry.nth or 1, entry.days_after, entry.since)
