"""Cases in the states that tests start from, by their public methods; and a vault without a database."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from services.incidents.api.schemas import CaseBody
from services.incidents.domain.appeals import NotedAppeal
from services.incidents.domain.case import Case
from services.incidents.domain.details import sealed as sealed_details
from services.incidents.domain.details import ssids_in
from services.incidents.domain.errors import TooManyNewStudents
from services.incidents.domain.report import AcceptedReport, Report
from services.incidents.domain.rulebook import Rulebook
from services.incidents.domain.values import BreachCall, CallDestination, SealedStudent
from services.incidents.rulebooks.library import Library
from shared.kernel.actor import Actor
from tests.support.http.tokens import CALTAC_AGENT, LEA_COORDINATOR

LIBRARY = Library.from_folder()
RULES = LIBRARY.for_year("2018-19")
NOON = datetime(2019, 4, 12, 19, 0, tzinfo=UTC)  # 12:00 Pacific; bodies were discovered at 10:30
CASE_ID = uuid5(UUID(int=1), "case")
NUMBER = "2018-19-000001"


class PlayVault:
    """Seals by rot13 of base64: enough to see that what is sealed is not what was sent."""

    def __init__(self) -> None:
        self.sealed: list[str] = []
        self.takes_new_ones = True
        self.erased: set[str] = set()  # references of students whose keys are destroyed

    def ref(self, ssid: str) -> str:
        return "stu_" + hashlib.sha256(ssid.encode()).hexdigest()[:26]

    def seal_one(self, ssid: str) -> SealedStudent:
        return SealedStudent(self.ref(ssid), base64.b85encode(ssid[::-1].encode()).decode())

    async def present_ref(self, ssid: str) -> str:
        return self.ref(ssid)

    async def seal(self, ssids: Sequence[str], caller: str) -> list[SealedStudent]:
        assert caller
        if not self.takes_new_ones:
            raise TooManyNewStudents(retry_after=3600)
        self.sealed += ssids
        return [self.seal_one(ssid) for ssid in ssids]

    async def unseal(self, students: Sequence[SealedStudent]) -> Mapping[str, str]:
        opened = [(one.student_ref, base64.b85decode(one.ssid_sealed).decode()[::-1]) for one in students]
        return {ref: ssid for ref, ssid in opened if self.ref(ssid) == ref and ref not in self.erased}

    def destroy(self, ssid: str) -> None:
        """Destroy the student's key: what was sealed under it is never opened again."""
        self.erased.add(self.ref(ssid))


VAULT = PlayVault()


def stated(body: dict[str, Any]) -> tuple[Report, list[SealedStudent]]:
    """What a body states, sealed as the application would."""
    parsed = CaseBody.model_validate(body)
    asked = RULES.type_of(parsed.incident_type).details
    report = parsed.report()
    by_ssid = {ssid: VAULT.seal_one(ssid) for ssid in ssids_in(report.details, asked)}
    sealed = replace(report, details=sealed_details(report.details, asked, by_ssid))
    return sealed, [VAULT.seal_one(ssid) for ssid in parsed.ssids or ()]


def accepted(
    report: Report, by: Actor = LEA_COORDINATOR, at: datetime = NOON, rules: Rulebook = RULES
) -> AcceptedReport:
    """The report as the form takes it, which the application asks before it seals."""
    return report.accepted(rules, by, at)


def revise(case: Case, report: Report, by: Actor = LEA_COORDINATOR, at: datetime = NOON) -> None:
    """State something else, as the application does."""
    case.revise(accepted(report, by, at), by, at)


def submit(
    case: Case,
    by: Actor = LEA_COORDINATOR,
    at: datetime = NOON,
    *,
    rules: Rulebook = RULES,
    number: str = NUMBER,
) -> None:
    """Put a draft on record, as the application does."""
    case.submit(number, case.ready_to_submit(rules, by, at))


def a_draft(body: dict[str, Any], by: Actor = LEA_COORDINATOR, at: datetime = NOON) -> Case:
    report, students = stated(body)
    return Case.draft(CASE_ID, accepted(report, by, at), students, by, at)


def a_submitted_case(body: dict[str, Any], by: Actor = LEA_COORDINATOR, at: datetime = NOON) -> Case:
    case = a_draft(body, by, at)
    submit(case, by, at)
    return case


def a_case_with_appeals(body: dict[str, Any], *statuses: str) -> Case:
    case = a_submitted_case(body)
    for number, status in enumerate(statuses):
        case.note_appeal(an_appeal(status, number=number), LEA_COORDINATOR, NOON)
    return case


def a_call(called: str, at: datetime = NOON - timedelta(hours=1)) -> BreachCall:
    return BreachCall(CallDestination(called), at, "the agent on duty", None)


def an_appeal(status: str, *, number: int = 0, decider: str = "cde") -> NotedAppeal:
    return NotedAppeal(
        appeal_id=str(uuid5(UUID(int=2), f"appeal {number}")),
        appeal_number=f"{NUMBER}-A{number:03d}",
        appeal_type="invalidate",
        student_ref=VAULT.ref(f"{number:010d}"),
        status=status,
        decider=decider,
    )


CALTAC = CALTAC_AGENT
