"""From validated entries to the frozen values that the engine asks."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar

from services.incidents.domain.conditions import ALWAYS, AnyOf, Condition
from services.incidents.domain.details import Detail
from services.incidents.domain.pauses import PauseRule
from services.incidents.domain.rulebook import IncidentType, Rulebook, Ruling, Test
from services.incidents.domain.values import Basis
from services.incidents.domain.windows import DayOfYear, Lifetime, WindowRule
from services.incidents.rulebooks.entries import (
    DeadlineEntry,
    DetailEntry,
    ExpirationEntry,
    RulebookEntry,
    RulingEntry,
    TypeEntry,
    WindowEntry,
)
from services.incidents.rulebooks.when import read_condition
from shared.deadlines.terms import DeadlineRule

T = TypeVar("T")
NEVER: Condition = AnyOf(())


def rulebook_from(entry: RulebookEntry, version: str) -> Rulebook:
    """The rules of a year, as values."""
    return Rulebook(
        year=entry.year,
        version=version,
        tests={
            code: Test(code, test.title, test.kind, tuple(test.grades)) for code, test in entry.tests.items()
        },
        severities={severity: meaning.meaning for severity, meaning in entry.severities.items()},
        incident_types={code: _type(code, row) for code, row in entry.incident_types.items()},
        appeal_limits={appeal: read_condition(limit.when) for appeal, limit in entry.appeal_limits.items()},
        breach_callers=frozenset(entry.breach_call.callers),
        report_within_hours=entry.clocks["K3"].hours or 0,  # a year without it was refused before
        testing_window=_window(entry.testing_window),
        pause_rule=PauseRule(
            entry.pause_rule.over_minutes, frozenset(entry.pause_rule.test_kinds), entry.pause_rule.source
        ),
        clocks={name: _clock(name, clock) for name, clock in entry.clocks.items()},
        lifetimes={code: _lifetime(expiration) for code, expiration in entry.expirations.items()},
    )


def _type(code: str, row: TypeEntry) -> IncidentType:
    return IncidentType(
        code=code,
        title=row.title,
        category=row.category,
        about=row.about,
        reporting=row.reporting,
        advice=row.advice,
        severity=_rulings("severity", row.severity, row),
        recommended_action=_rulings("recommended_action", row.recommended_action, row),
        pre_action=_rulings("pre_action", row.pre_action, row),
        appeals=_rulings("appeals", row.appeals, row),
        cde_copy=row.cde_copy,
        details={name: _detail(name, detail) for name, detail in row.details.items()},
    )


def _rulings(cell: str, entries: list[RulingEntry[T]], row: TypeEntry) -> tuple[Ruling[T], ...]:
    basis = Basis.DERIVED if cell in row.derived else row.basis
    return tuple(
        Ruling(
            value=entry.value,
            source=entry.source or row.source,
            basis=entry.basis or basis,
            when=read_condition(entry.when) if entry.when is not None else ALWAYS,
            text=entry.text,
        )
        for entry in entries
    )


def _clock(name: str, entry: DeadlineEntry) -> DeadlineRule:
    return DeadlineRule(
        clock=name,
        title=entry.title or entry.what,
        length=timedelta(hours=entry.hours) if entry.hours else None,
        warnings=tuple(entry.warnings),
        published=entry.published,
    )


def _window(entry: WindowEntry) -> WindowRule:
    return WindowRule(_day(entry.earliest), _day(entry.latest), entry.reporting_days)


def _day(month_and_day: str) -> DayOfYear:
    month, day = month_and_day.split("-")
    return DayOfYear(int(month), int(day))


def _lifetime(entry: ExpirationEntry) -> Lifetime:
    return Lifetime(entry.days, entry.submitted_on_expiry, entry.source, entry.basis)


def _detail(name: str, entry: DetailEntry) -> Detail:
    if isinstance(entry.required, bool):
        required = ALWAYS if entry.required else NEVER
    else:
        required = read_condition(entry.required)
    return Detail(name, entry.kind, entry.meaning, tuple(entry.choices), required)
