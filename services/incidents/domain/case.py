"""A case, from the first draft to the last appeal's end.

    DRAFT --submit--> SUBMITTED --conclude, or the last appeal ends--> PROCESSED
      |                   ^------- an appeal is requested -----------------|
      '--delete--> DELETED

Read top to bottom: what can have happened, what may be asked, what changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from eventsourcing.domain import Aggregate, event

from services.incidents.domain import facts
from services.incidents.domain.appeals import PENDING, TERMINAL, NotedAppeal, sub_status
from services.incidents.domain.assessment import Assessment
from services.incidents.domain.breach import check_call, check_called, newly_asked
from services.incidents.domain.errors import CaseNotFound, NotADraft, NotSubmitted, SsidsRequired
from services.incidents.domain.facts import Person, Stored
from services.incidents.domain.permissions import may_file, may_file_for, may_record_call, may_see
from services.incidents.domain.report import Report
from services.incidents.domain.rulebook import Rulebook
from services.incidents.domain.values import BreachCall, CallDestination, CaseStatus, SealedStudent, SubStatus
from shared.kernel.actor import Actor


class Case(Aggregate):
    """One incident as it was reported, judged and followed."""

    TOPIC = "incidents.case"

    # --- What can have happened: ``facts`` says what each one means. ---

    Event = facts.Event
    Created = facts.Created
    Drafted = facts.Drafted
    Revised = facts.Revised
    StudentsListed = facts.StudentsListed
    BreachIdentified = facts.BreachIdentified
    BreachCallRecorded = facts.BreachCallRecorded
    Submitted = facts.Submitted
    AppealNoted = facts.AppealNoted
    Processed = facts.Processed
    DraftDeleted = facts.DraftDeleted

    # --- What may be asked: every rule lives here, and runs once. ---

    @classmethod
    def draft(
        cls,
        case_id: UUID,
        report: Report,
        students: Sequence[SealedStudent],
        rules: Rulebook,
        actor: Actor,
        at: datetime,
    ) -> Case:
        """Begin a case (HR-01, HR-03, HR-27, HR-28).

        :raises Refusal: the caller may not file it, or the form does not take it.
        """
        may_file(actor)
        may_file_for(actor, report.school)
        assessment = report.judge(rules, len(students), actor, at)
        case = cls._create(
            cls.Drafted,
            id=case_id,
            report=report.as_fact(),
            students=[student.as_fact() for student in students],
            assessment=assessment.as_fact(),
            actor=actor.as_fact(),
            occurred_at=at,
        )
        case._identify_breach(None, actor, at)
        return case

    def revise(self, report: Report, rules: Rulebook, actor: Actor, at: datetime) -> None:
        """Say something else on the form, while it is a draft.

        :raises Refusal: see ``draft``; or it is no draft any more.
        """
        self._check_draft(actor)
        may_file_for(actor, report.school)
        assessment = report.judge(rules, len(self.students), actor, at)
        if report == self.report and assessment == self.assessment:
            return
        before = self.assessment if report.lea == self.report.lea else None  # another LEA has not been told
        self._trigger(self.Revised, actor, at, report=report.as_fact(), assessment=assessment.as_fact())
        self._identify_breach(before, actor, at)

    def list_students(
        self, students: Sequence[SealedStudent], rules: Rulebook, actor: Actor, at: datetime
    ) -> None:
        """Say which students are concerned, while it is a draft; the former list is replaced.

        :raises Refusal: it is no draft any more, or not the caller's.
        """
        self._check_draft(actor)
        if _refs(students) == _refs(self.students):
            return
        assessment = self.report.judge(rules, len(students), actor, at)
        kept = [student.as_fact() for student in students]
        self._trigger(self.StudentsListed, actor, at, students=kept, assessment=assessment.as_fact())

    def record_breach_call(self, call: BreachCall, rules: Rulebook, actor: Actor, at: datetime) -> None:
        """Put the phone call of a breach on record (HR-11, HR-13).

        :raises Refusal: the caller may not, or it is not the call that the case asks for.
        """
        self.check_visible(actor)
        may_record_call(actor, rules.breach_callers)
        check_call(call, self.assessment, at)
        self._trigger(
            self.BreachCallRecorded,
            actor,
            at,
            case_number=self.case_number,
            school=self.report.school,
            called=call.called.value,
            called_at=call.called_at,
            spoke_with=call.spoke_with,
            reference=call.reference,
        )

    def check_submittable(self, rules: Rulebook, actor: Actor, at: datetime) -> Assessment:
        """What the rulebook says of the case, provided that it may be submitted as it is (HR-06, HR-12).

        :raises Refusal: it may not, and why.
        """
        self._check_draft(actor)
        assessment = self.report.judge(rules, len(self.students), actor, at)
        check_called(assessment, self.breach_calls, actor)
        row = rules.type_of(self.report.incident_type)
        self.report.check_complete(rules, row, self.students)
        if not self.students and (assessment.appeal_types or row.asks_for_pairs):
            raise SsidsRequired("An appeal may follow, or pairs are asked for: list the students.")
        return assessment

    def submit(self, case_number: str, rules: Rulebook, actor: Actor, at: datetime) -> None:
        """Put the case on record for good; later than 24 hours is accepted, and flagged (HR-05, HR-14).

        :raises Refusal: see ``check_submittable``.
        """
        assessment = self.check_submittable(rules, actor, at)
        due = assessment.report_due(self.report.discovered_at or at)
        self._trigger(
            self.Submitted,
            actor,
            at,
            case_number=case_number,
            administration_year=self.report.year or rules.year,
            rulebook=rules.year,
            report=self.report.as_fact(),
            students=[student.as_fact() for student in self.students],
            assessment=assessment.as_fact(),
            report_due_at=due,
            late=at > due,
        )

    def delete(self, actor: Actor, at: datetime) -> None:
        """Throw the draft away; refused when it is no draft any more, or not the caller's."""
        self._check_draft(actor)
        self._trigger(self.DraftDeleted, actor, at)

    def note_appeal(self, appeal: NotedAppeal, actor: Actor, at: datetime) -> None:
        """Take over how an appeal stands; the end of the last one ends the case (HR-25).

        Nothing new are: what is known already, the request of a known appeal, and news of one that has ended:
        messages repeat, and one that was laid aside may come after those that followed it.

        :raises NotSubmitted: a draft has no appeals.
        """
        if self.case_number is None:
            raise NotSubmitted
        known = self.appeals.get(appeal.appeal_id)
        if known is not None and (known == appeal or known.status in TERMINAL or appeal.status in PENDING):
            return
        self._trigger(self.AppealNoted, actor, at, appeal=appeal.as_fact())
        if all(noted.status in TERMINAL for noted in self.appeals.values()):
            self._trigger(self.Processed, actor, at, case_number=self.case_number)

    def conclude(self, actor: Actor, at: datetime) -> None:
        """Nothing is left to do where no appeal can follow (HR-25); asked again it changes nothing."""
        if self.status is CaseStatus.SUBMITTED and not self.assessment.appeal_types and not self.appeals:
            self._trigger(self.Processed, actor, at, case_number=self.case_number)

    def check_visible(self, actor: Actor) -> None:
        """Refuse callers who see no cases, or not this one; a deleted draft is seen by nobody."""
        may_see(actor, self.report.school)
        if self.status is CaseStatus.DELETED:
            raise CaseNotFound

    @property
    def sub_status(self) -> SubStatus | None:
        """What a submitted case waits for; none while nothing was asked for."""
        if self.status is CaseStatus.PROCESSED:
            return SubStatus.COMPLETED
        return sub_status(list(self.appeals.values()))

    def _check_draft(self, actor: Actor) -> None:
        self.check_visible(actor)
        may_file(actor)
        if self.status is not CaseStatus.DRAFT:
            raise NotADraft

    def _identify_breach(self, before: Assessment | None, actor: Actor, at: datetime) -> None:
        call = newly_asked(before, self.assessment, self.breach_calls)
        if call is not None:
            self._trigger(
                self.BreachIdentified,
                actor,
                at,
                incident_type=self.report.incident_type,
                incident_title=self.assessment.incident_title,
                school=self.report.school,
                call=call.value,
                rulebook=self.assessment.severity_reason.rulebook,
            )

    def _trigger(self, fact: type[facts.Event], actor: Actor, at: datetime, **body: object) -> None:
        self.trigger_event(fact, actor=actor.as_fact(), occurred_at=at, **body)

    # --- What changes: no rule, no clock, no choice; runs again on every replay. ---

    @event(Drafted)
    def __init__(
        self,
        *,
        report: Stored,
        students: list[dict[str, str]],
        assessment: Stored,
        actor: Person,
        occurred_at: datetime,
    ) -> None:
        self.status = CaseStatus.DRAFT
        self.drafted_by, self.drafted_at = Actor.from_fact(actor), occurred_at
        self.case_number: str | None = None
        self.submitted_by: Actor | None = None
        self.submitted_at: datetime | None = None
        self.late = False
        self.breach_calls: list[BreachCall] = []
        self.appeals: dict[str, NotedAppeal] = {}
        self.report, self.assessment = Report.from_fact(report), Assessment.from_fact(assessment)
        self.students = [SealedStudent.from_fact(student) for student in students]

    @event(Revised)
    def _apply_revised(self, report: Stored, assessment: Stored) -> None:
        self.report, self.assessment = Report.from_fact(report), Assessment.from_fact(assessment)

    @event(StudentsListed)
    def _apply_students_listed(self, students: list[dict[str, str]], assessment: Stored) -> None:
        self.students = [SealedStudent.from_fact(student) for student in students]
        self.assessment = Assessment.from_fact(assessment)

    @event(BreachIdentified)
    def _apply_breach_identified(self) -> None:
        """For others to act on; the draft itself stays as it is."""

    @event(BreachCallRecorded)
    def _apply_breach_call_recorded(
        self, called: str, called_at: datetime, spoke_with: str | None, reference: str | None
    ) -> None:
        self.breach_calls.append(BreachCall(CallDestination(called), called_at, spoke_with, reference))

    @event(Submitted)
    def _apply_submitted(
        self,
        case_number: str,
        administration_year: str,
        assessment: Stored,
        late: bool,
        actor: Person,
        occurred_at: datetime,
    ) -> None:
        self.status, self.case_number = CaseStatus.SUBMITTED, case_number
        self.report = self.report.of_year(administration_year)
        self.assessment, self.late = Assessment.from_fact(assessment), late
        self.submitted_by, self.submitted_at = Actor.from_fact(actor), occurred_at

    @event(AppealNoted)
    def _apply_appeal_noted(self, appeal: dict[str, str]) -> None:
        noted = NotedAppeal.from_fact(appeal)
        self.appeals[noted.appeal_id] = noted
        self.status = CaseStatus.SUBMITTED

    @event(Processed)
    def _apply_processed(self) -> None:
        self.status = CaseStatus.PROCESSED

    @event(DraftDeleted)
    def _apply_draft_deleted(self) -> None:
        self.status = CaseStatus.DELETED


def _refs(students: Sequence[SealedStudent]) -> list[str]:
    return [student.student_ref for student in students]
