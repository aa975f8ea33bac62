"""One administration year's rules as values, and their evaluation (HR-05).

The code names no incident type: everything that differs between types or years is data. Each question has a
list of rulings; the first whose condition holds is the answer, with its source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from services.incidents.domain.assessment import Assessment, SeverityReason
from services.incidents.domain.conditions import ALWAYS, Circumstances, Condition
from services.incidents.domain.details import Detail, DetailKind
from services.incidents.domain.errors import (
    ContactCaltac,
    NotReportable,
    UnknownIncidentType,
    UnlistedIncident,
)
from services.incidents.domain.pauses import PauseRule
from services.incidents.domain.values import (
    About,
    AppealType,
    Basis,
    Category,
    PreAction,
    RecommendedAction,
    Severity,
)
from services.incidents.domain.windows import Lifetime, WindowRule
from shared.deadlines.terms import DeadlineRule
from shared.kernel.actor import Role

T = TypeVar("T")


class Reporting(StrEnum):
    """Whether the form takes this type (§4.6)."""

    ORDINARY = "ordinary"
    CALTAC_ONLY = "caltac_only"
    UNLISTED = "unlisted"
    NOT_REPORTABLE = "not_reportable"


@dataclass(frozen=True)
class Ruling(Generic[T]):
    """One answer, the circumstances in which it is given, and its source."""

    value: T
    source: str
    basis: Basis
    when: Condition = ALWAYS
    text: str = ""


@dataclass(frozen=True)
class Test:
    """One of the tests of §2.1; ``kind`` is what pause rules and appeals depend on."""

    code: str
    title: str
    kind: str
    grades: tuple[str, ...]


@dataclass(frozen=True)
class IncidentType:
    """One row of the catalog (§4.3–§4.6)."""

    code: str
    title: str
    category: Category
    about: About
    reporting: Reporting
    advice: str  # what to do instead, when the form does not take it
    severity: tuple[Ruling[Severity], ...]
    recommended_action: tuple[Ruling[RecommendedAction], ...]
    pre_action: tuple[Ruling[PreAction], ...]
    appeals: tuple[Ruling[AppealType], ...]
    cde_copy: bool
    details: Mapping[str, Detail]

    @property
    def asks_for_pairs(self) -> bool:
        """Whether students come in pairs, so that they must be listed (HR-06)."""
        return any(detail.kind is DetailKind.SSID_PAIRS for detail in self.details.values())


@dataclass(frozen=True)
class Rulebook:
    """The rules of one administration year; ``version`` is the hash of their content."""

    year: str
    version: str
    tests: Mapping[str, Test]
    severities: Mapping[Severity, str]
    incident_types: Mapping[str, IncidentType]
    appeal_limits: Mapping[AppealType, Condition]  # test kind and delivery, whatever the type (§5.7)
    breach_callers: frozenset[Role]  # who makes or confirms the phone call of a breach (§4.10)
    report_within_hours: int  # from discovery to submission, elapsed (K3)
    clocks: Mapping[str, DeadlineRule]  # by id (domain §8)
    testing_window: WindowRule
    pause_rule: PauseRule
    lifetimes: Mapping[str, Lifetime]  # by test code (§2.3)

    def type_of(self, code: str) -> IncidentType:
        """The catalog's row for this code.

        :raises UnknownIncidentType: there is none.
        """
        if code not in self.incident_types:
            raise UnknownIncidentType(f"The rulebook {self.year} has no such incident type.")
        return self.incident_types[code]

    def reportable_type(self, code: str, *, by_caltac: bool) -> IncidentType:
        """The catalog's row for this code, if this caller can report it by the form (HR-27, HR-28).

        :raises UnknownIncidentType, NotReportable, UnlistedIncident, ContactCaltac: it does not.
        """
        found = self.type_of(code)
        match found.reporting:
            case Reporting.NOT_REPORTABLE:
                raise NotReportable(found.advice)
            case Reporting.UNLISTED:
                raise UnlistedIncident(found.advice)
            case Reporting.CALTAC_ONLY if not by_caltac:
                raise ContactCaltac(found.advice)
            case _:
                return found

    def assess(self, code: str, circumstances: Circumstances) -> Assessment:
        """Severity and what follows from it, in these circumstances (HR-05, HR-10, HR-11).

        :raises UnknownIncidentType: no such type.
        """
        row = self.type_of(code)
        appeals = self._appeals(row, circumstances)
        known: Circumstances = {**circumstances, "appeals": len(appeals)}
        severity = first(row.severity, known)
        pre_action = first(row.pre_action, known) if row.pre_action else None
        return Assessment(
            incident_title=row.title,
            severity=severity.value,
            severity_reason=SeverityReason(
                rule=f"{code}.severity",
                rulebook=self.year,
                source=severity.source,
                text=severity.text or f"{row.title}: {self.severities[severity.value]}",
            ),
            rulebook_version=self.version,
            recommended_action=first(row.recommended_action, known).value,
            pre_action=pre_action.value if pre_action else None,
            appeal_types=appeals,
            cde_copy=row.cde_copy,
            report_within_hours=self.report_within_hours,
        )

    def _appeals(self, row: IncidentType, circumstances: Circumstances) -> tuple[AppealType, ...]:
        return tuple(
            ruling.value
            for ruling in row.appeals
            if ruling.when.holds(circumstances)
            and self.appeal_limits.get(ruling.value, ALWAYS).holds(circumstances)
        )


def first(rulings: Sequence[Ruling[T]], circumstances: Circumstances) -> Ruling[T]:
    """The first ruling that holds; a loaded rulebook always ends in one without a condition."""
    return next(ruling for ruling in rulings if ruling.when.holds(circumstances))
