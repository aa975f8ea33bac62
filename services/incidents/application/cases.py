"""The use cases of filing: load the case, let it decide, save it. The rules are in the domain."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
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
    UploadStudents,
)
from services.incidents.application.corrections import Corrections
from services.incidents.application.draft_room import DraftRoom
from services.incidents.application.filing_protocols import require_filing_protocol
from services.incidents.application.finding import find_case, require_version
from services.incidents.application.ports import CaseNumbers, Rulebooks, StudentVault
from services.incidents.application.sealing import (
    masked,
    require_details,
    require_nobody_of_the_case_in,
    require_unnamed_so_far,
    seal_report,
)
from services.incidents.application.windows import Windows
from services.incidents.domain.assessment import Assessment
from services.incidents.domain.case import Case
from services.incidents.domain.details import students_in
from services.incidents.domain.errors import SsidsRequired
from services.incidents.domain.permissions import (
    can_read_ssids,
    require_breach_caller,
    require_filer,
    require_filing_scope,
    require_some_breach_caller,
)
from services.incidents.domain.report import AcceptedReport, Report
from services.incidents.domain.ssid_list import SsidList
from services.incidents.domain.testing_window import require_reporting_open
from services.incidents.domain.values import administration_year
from shared.kernel.actor import Actor
from shared.kernel.store import ReceiptFor, Store, until_first


@dataclass(frozen=True)
class Classification:
    """What would become of a report if it were submitted now."""

    assessment: Assessment
    report_due_at: datetime | None
    late: bool


class Cases:
    """What coordinators ask of cases; cheap to make, holds nothing but its ports."""

    def __init__(
        self,
        store: Store,
        vault: StudentVault,
        numbers: CaseNumbers,
        rulebooks: Rulebooks,
        corrections: Corrections,
        room: DraftRoom | None = None,
    ) -> None:
        """``room``: for drafts; None: there is always some."""
        self._store = store
        self._vault = vault
        self._numbers = numbers
        self._rulebooks = rulebooks
        self._corrections = corrections
        self._room = room

    async def draft(self, command: DraftCase, receipt: ReceiptFor | None = None) -> Case:
        """Begin a case; where no students are named, nothing is read before the facts are stored.

        :raises Refusal: the caller may not file it, or the form does not take it.
        :raises TooManyDrafts: the caller, or the LEA, has too many open.
        """
        report, actor = command.report, command.actor
        require_filer(actor)
        require_filing_scope(actor, report.school)
        await require_filing_protocol(self._store, actor, report.school)
        await self._corrections.require_known(report.corrects, actor)
        accepted = self._accepted(report, actor, command.at)
        if self._room is not None:
            await self._room.require(actor, report.lea)
        details, students = await seal_report(accepted, report.details, command.ssids, self._vault, actor.sub)
        case = Case.draft(command.case_id, accepted.with_details(details), students, actor, command.at)
        return await self._saved(case, receipt)

    async def revise(self, command: ReviseCase) -> Case:
        """Change some fields of a draft; if the incident type changes, the former details are dropped.

        :raises Refusal: it is no draft, or not the caller's; or the form does not take it.
        """
        return await until_first(lambda: self._revised(command))

    async def _revised(self, command: ReviseCase) -> Case:
        case = await self._editable(command.case_id, command.actor, command.expected)
        before = case.report
        changes: dict[str, Any] = dict(command.changes)
        if changes.get("incident_type", before.incident_type) != before.incident_type:
            changes.setdefault("details", {})
        stated = replace(before, **changes)
        if stated.school != before.school:
            require_filing_scope(command.actor, stated.school)
        if "corrects" in changes:
            await self._corrections.require_known(stated.corrects, command.actor)
        accepted = self._accepted(stated, command.actor, command.at)
        # details that are not in the request are sealed already
        came: Mapping[str, object] = changes.get("details", {})
        details, students = await seal_report(
            accepted,
            came,
            command.ssids or (),
            self._vault,
            command.actor.sub,
            [
                *(case.students if command.ssids is None else ()),
                *(students_in(before.details) if "details" not in changes else ()),
            ],
        )
        if "details" in changes:
            accepted = accepted.with_details(details)
        listed = None if command.ssids is None else students
        case.revise(accepted, command.actor, command.at, students=listed)
        return await self._saved(case)

    async def list_students(self, command: ListStudents, receipt: ReceiptFor | None = None) -> Case:
        """Say which students a draft concerns; the former list is replaced (HR-07).

        :raises Refusal: it is no draft, or not the caller's; or the list cannot be one.
        """
        if not command.ssids:
            raise SsidsRequired("List at least one student; a case without students needs no list.")
        listed = SsidList.of(command.ssids)

        async def typed(_: Case) -> SsidList:
            return listed

        return await self.list_named(command, typed, receipt)

    async def list_named(
        self,
        command: ListStudents | UploadStudents,
        named: Callable[[Case], Awaitable[SsidList]],
        receipt: ReceiptFor | None = None,
    ) -> Case:
        """List the students that ``named`` returns; it is called once the caller is known to be allowed to.

        :raises Refusal: it is no draft, or not the caller's; or whatever ``named`` refuses.
        """

        async def listed() -> Case:
            case = await self._editable(command.case_id, command.actor, command.expected)
            ssids = (await named(case)).ssids
            require_unnamed_so_far(case, ssids)
            students = await self._vault.seal(ssids, command.actor.sub)
            rules = self._rulebooks.for_year(case.report.year)
            case.list_students(students, rules, command.actor, command.at)
            return await self._saved(case, receipt)

        return await until_first(listed)

    async def record_breach_call(self, command: RecordBreachCall, receipt: ReceiptFor | None = None) -> Case:
        """Put the phone call of a breach on record.

        The rules of the day and of the stated year both count, so a wrong year does not evade HR-11.

        :raises Refusal: the caller may not, or it is not the call that the case asks for.
        """
        require_some_breach_caller(command.actor)
        told = {"/spoke_with": command.call.spoke_with, "/reference": command.call.reference}

        async def recorded() -> Case:
            case = await find_case(self._store, command.case_id, command.actor)
            day = administration_year(case.report.occurred_at or command.at)
            years = (day, case.report.year)
            require_breach_caller(command.actor, *map(self._rulebooks.for_year, years))
            require_version(case, command.expected)
            # a telephone number may be written here as one likes
            await require_nobody_of_the_case_in(told, case, self._vault)
            case.record_breach_call(command.call, command.actor, command.at)
            return await self._saved(case, receipt)

        return await until_first(recorded)

    async def submit(self, command: SubmitCase, receipt: ReceiptFor | None = None) -> Case:
        """Submit a draft under a new case number.

        :raises Refusal: it cannot be submitted as it is; no number is used then.
        """
        # by year; kept over the attempts, so that a lost race uses no second number
        numbers: dict[str, str] = {}

        async def submitted() -> Case:
            case = await self._editable(command.case_id, command.actor, command.expected)
            rules = self._rulebooks.for_year(case.report.year)
            year = case.report.year or rules.year
            ready = case.ready_to_submit(rules, command.actor, command.at)
            window = await Windows(self._store, self._rulebooks).in_force(case.report.school, year)
            require_reporting_open(window, ready)
            if year not in numbers:
                numbers[year] = await self._numbers.issue(year)
            case.submit(numbers[year], ready)
            return await self._saved(case, receipt)

        return await until_first(submitted)

    async def delete_draft(self, command: DeleteDraft) -> None:
        """Delete a draft.

        :raises Refusal: it is no draft, or not the caller's.
        """

        async def deleted() -> Case:
            case = await self._editable(command.case_id, command.actor, command.expected)
            case.delete(command.actor, command.at)
            return await self._saved(case)

        await until_first(deleted)

    async def get(self, case_id: UUID, actor: Actor) -> Case:
        """The case as it is now.

        :raises Refusal: the caller sees no cases, or not this one.
        """
        return await find_case(self._store, case_id, actor)

    def classify(self, command: Classify) -> Classification:
        """What the rulebook says of a report; nothing is stored, nothing is sealed.

        :raises Refusal: the form would not take it.
        """
        accepted = self._accepted(command.report, command.actor, command.at)
        listed = SsidList.of(command.ssids)
        require_details(command.report.details, accepted.row.details)
        assessment = accepted.assess(len(listed))
        discovered = command.report.discovered_at
        due = assessment.report_due(discovered) if discovered else None
        return Classification(assessment, due, due is not None and command.at > due)

    async def masks(self, case: Case, actor: Actor, ssids: Sequence[str] = ()) -> Mapping[str, str]:
        """``******1234`` by ``student_ref``, for callers who may read SSIDs; nothing for others.

        :param ssids: those that the caller has just sent, so that they need not be unsealed.
        """
        if not can_read_ssids(actor):
            return {}
        sent = {self._vault.ref(ssid): masked(ssid) for ssid in ssids}
        # of those who were erased before, the reference is another one now: they are opened below
        shown = {ref: sent[ref] for student in case.students if (ref := student.student_ref) in sent}
        named = [*case.students, *students_in(case.report.details)]
        sealed = [student for student in named if student.student_ref not in shown]
        if sealed:
            opened = await self._vault.unseal(sealed)
            shown |= {student_ref: masked(ssid) for student_ref, ssid in opened.items()}
        return shown

    async def _editable(self, case_id: UUID, actor: Actor, expected: int | None) -> Case:
        """The case in the version that the caller decided on, if the caller may file for its school.

        The case itself judges whether it is still a draft.
        """
        require_filer(actor)
        case = await find_case(self._store, case_id, actor)
        await require_filing_protocol(self._store, actor, case.report.school)
        require_version(case, expected)
        return case

    def _accepted(self, report: Report, actor: Actor, at: datetime) -> AcceptedReport:
        return report.accepted(self._rulebooks.for_year(report.year), actor, at)

    async def _saved(self, case: Case, receipt: ReceiptFor | None = None) -> Case:
        await self._store.save(case, receipt=await receipt(case) if receipt else None)
        return case
