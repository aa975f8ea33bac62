"""The use cases of filing: load, ask the aggregate, save; every rule is asked for, none is made here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.incidents.application.commands import (
    Classify,
    DeleteDraft,
    DraftCase,
    ListStudents,
    RecordBreachCall,
    ReviseCase,
    SubmitCase,
)
from services.incidents.application.filing_protocols import check_filing_protocol
from services.incidents.application.ports import CaseNumbers, Rulebooks, StudentVault
from services.incidents.application.sealing import check_details, check_ssids, check_text, masked, seal_report
from services.incidents.application.windows import Windows
from services.incidents.domain.assessment import Assessment
from services.incidents.domain.case import Case
from services.incidents.domain.details import students_in
from services.incidents.domain.errors import CaseNotFound, SsidsRequired
from services.incidents.domain.permissions import (
    SSID_READERS,
    may_file,
    may_file_for,
    may_record_call,
    may_search,
)
from services.incidents.domain.report import Report
from services.incidents.domain.rulebook import IncidentType
from services.incidents.domain.testing_window import refuse_after_reporting
from services.incidents.domain.values import administration_year
from shared.kernel.actor import Actor, Role
from shared.kernel.errors import Conflict, Stale
from shared.kernel.store import ATTEMPTS, ReceiptFor, Store, StreamMoved, StreamUnknown, change


@dataclass(frozen=True)
class Classification:
    """What would become of a report if it were submitted now."""

    assessment: Assessment
    report_due_at: datetime | None
    late: bool


class Cases:
    """What coordinators ask of cases; cheap to make, holds nothing but its ports."""

    def __init__(self, store: Store, vault: StudentVault, numbers: CaseNumbers, rulebooks: Rulebooks) -> None:
        self._store = store
        self._vault = vault
        self._numbers = numbers
        self._rulebooks = rulebooks

    async def draft(self, command: DraftCase, receipt: ReceiptFor | None = None) -> Case:
        """Begin a case; where no students are named, nothing is read before the facts are stored.

        :raises Refusal: the caller may not file it, or the form does not take it.
        """
        may_file(command.actor)
        may_file_for(command.actor, command.report.school)
        await check_filing_protocol(self._store, command.actor, command.report.school)
        row = self._accepted(command.report, command.actor, command.at)
        report, students = await seal_report(command.report, command.ssids, row.details, self._vault)
        rules = self._rulebooks.for_year(report.year)
        case = Case.draft(command.case_id, report, students, rules, command.actor, command.at)
        await self._store.save(case, receipt=await receipt(case) if receipt else None)
        return case

    async def revise(self, command: ReviseCase) -> Case:
        """Change some fields of a draft; where the type changes, the details start anew.

        :raises Refusal: it is no draft, or not the caller's; or the form does not take it.
        """
        return await self._until_first(lambda: self._revised(command))

    async def _revised(self, command: ReviseCase) -> Case:
        case = await self._editable(command.case_id, command.actor)
        _check_version(case, command.expected)
        before = case.report
        changes: dict[str, Any] = dict(command.changes)
        if changes.get("incident_type", before.incident_type) != before.incident_type:
            changes.setdefault("details", {})
        stated = replace(before, **changes)
        row = self._accepted(stated, command.actor, command.at)
        came = replace(stated, details=changes.get("details", {}))  # the others are sealed already
        sealed, students = await seal_report(came, command.ssids or (), row.details, self._vault)
        if "details" in changes:
            changes["details"] = sealed.details
        report = replace(before, **changes)
        rules = self._rulebooks.for_year(report.year)
        case.revise(report, rules, command.actor, command.at)
        if command.ssids is not None:
            case.list_students(students, rules, command.actor, command.at)
        await self._store.save(case)
        return case

    async def list_students(self, command: ListStudents, receipt: ReceiptFor | None = None) -> Case:
        """Say which students a draft concerns; the former list is replaced (HR-07).

        :raises Refusal: it is no draft, or not the caller's; or the list cannot be one.
        """
        if not command.ssids:
            raise SsidsRequired("List at least one student; a case without students needs no list.")
        check_ssids(command.ssids)
        await self._editable(command.case_id, command.actor)
        students = await self._vault.seal(command.ssids)

        def decide(case: Case) -> None:
            rules = self._rulebooks.for_year(case.report.year)
            case.list_students(students, rules, command.actor, command.at)

        return await self._change(command.case_id, decide, command.expected, receipt)

    async def record_breach_call(self, command: RecordBreachCall, receipt: ReceiptFor | None = None) -> Case:
        """Put the phone call of a breach on record.

        Who may is a rule of the day as well as of the stated year: nobody states their way past HR-11.

        :raises Refusal: the caller may not, or it is not the call that the case asks for.
        """
        check_text({"/spoke_with": command.call.spoke_with, "/reference": command.call.reference})
        may_search(command.actor)

        def decide(case: Case) -> None:
            case.check_visible(command.actor)
            day = administration_year(case.report.occurred_at or command.at)
            may_record_call(command.actor, self._rulebooks.for_year(day).breach_callers)
            rules = self._rulebooks.for_year(case.report.year)
            case.record_breach_call(command.call, rules, command.actor, command.at)

        return await self._change(command.case_id, decide, command.expected, receipt)

    async def submit(self, command: SubmitCase, receipt: ReceiptFor | None = None) -> Case:
        """Put a draft on record for good, under a new case number.

        :raises Refusal: it cannot be submitted as it is; no number is spent then.
        """
        numbers: dict[str, str] = {}  # by year, so that a lost race spends no second one

        async def submitted() -> Case:
            case = await self.get(command.case_id, command.actor)
            _check_version(case, command.expected)
            await check_filing_protocol(self._store, command.actor, case.report.school)
            rules = self._rulebooks.for_year(case.report.year)
            year = case.report.year or rules.year
            assessment = case.check_submittable(rules, command.actor, command.at)
            window = await Windows(self._store, self._rulebooks).in_force(case.report.school, year)
            refuse_after_reporting(window, rules.testing_window, assessment, command.actor, command.at)
            if year not in numbers:
                numbers[year] = await self._numbers.issue(year)
            case.submit(numbers[year], rules, command.actor, command.at)
            await self._store.save(case, receipt=await receipt(case) if receipt else None)
            return case

        return await self._until_first(submitted)

    async def delete_draft(self, command: DeleteDraft) -> None:
        """Throw a draft away.

        :raises Refusal: it is none, or not the caller's.
        """
        await self._editable(command.case_id, command.actor)
        await self._change(
            command.case_id, lambda case: case.delete(command.actor, command.at), command.expected
        )

    async def get(self, case_id: UUID, actor: Actor) -> Case:
        """The case as it is now.

        :raises Refusal: the caller sees no cases, or not this one.
        """
        may_search(actor)
        try:
            case = await self._store.load(Case, case_id)
        except StreamUnknown:
            raise CaseNotFound from None
        case.check_visible(actor)
        return case

    def classify(self, command: Classify) -> Classification:
        """What the rulebook says of a report; nothing is stored, nothing is sealed.

        :raises Refusal: the form would not take it.
        """
        row = self._accepted(command.report, command.actor, command.at)
        check_ssids(command.ssids)
        check_details(command.report.details, row.details)
        rules = self._rulebooks.for_year(command.report.year)
        assessment = command.report.judge(rules, len(command.ssids), command.actor, command.at)
        discovered = command.report.discovered_at
        due = assessment.report_due(discovered) if discovered else None
        return Classification(assessment, due, due is not None and command.at > due)

    async def masks(self, case: Case, actor: Actor, ssids: Sequence[str] = ()) -> Mapping[str, str]:
        """``******1234`` by ``student_ref``, for callers who may read SSIDs; nothing for others.

        :param ssids: those that this very caller has just sent, so that they need not be opened again.
        """
        if actor.role not in SSID_READERS:
            return {}
        shown = {self._vault.ref(ssid): masked(ssid) for ssid in ssids}
        named = [*case.students, *students_in(case.report.details)]
        sealed = [student for student in named if student.student_ref not in shown]
        if sealed:
            opened = await self._vault.unseal(sealed)
            shown |= {student_ref: masked(ssid) for student_ref, ssid in opened.items()}
        return shown

    async def _editable(self, case_id: UUID, actor: Actor) -> Case:
        """The case, provided that the caller may file; whether it still is a draft, the case says."""
        case = await self.get(case_id, actor)
        may_file(actor)
        await check_filing_protocol(self._store, actor, case.report.school)
        return case

    def _accepted(self, report: Report, actor: Actor, at: datetime) -> IncidentType:
        """The catalog's row, provided that the form takes such a report; asked before anything is sealed."""
        rules = self._rulebooks.for_year(report.year)
        row = rules.reportable_type(report.incident_type, by_caltac=actor.role is Role.CALTAC_AGENT)
        report.check(rules, at=at)
        return row

    async def _until_first(self, attempt: Callable[[], Awaitable[Case]]) -> Case:
        """The case once nobody changed it between the first look at it and the save: all is judged again."""
        for _ in range(ATTEMPTS):
            with suppress(StreamMoved):
                return await attempt()
        raise Conflict("Too many changes at the same moment; please try again.", retry_after=1)

    async def _change(
        self,
        case_id: UUID,
        decide: Callable[[Case], None],
        expected: int | None,
        receipt: ReceiptFor | None = None,
    ) -> Case:
        try:
            return await change(self._store, Case, case_id, decide, expected=expected, receipt=receipt)
        except StreamUnknown:
            raise CaseNotFound from None


def _check_version(case: Case, expected: int | None) -> None:
    if expected not in (None, case.version):
        raise Stale(f"The present version is {case.version}, not {expected}.")
