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
from services.incidents.domain.breach import newly_asked, require_call_asked_for, require_call_on_record
from services.incidents.domain.errors import NotADraft, NotSubmitted
from services.incidents.domain.facts import Person, Stored
from services.incidents.domain.report import AcceptedReport, Report
from services.incidents.domain.rulebook import Rulebook
from services.incidents.domain.submission import ReadyToSubmit
from services.incidents.domain.values import BreachCall, CallDestination, CaseStatus, SealedStudent, SubStatus
from shared.kernel.actor import Actor

Students = Sequence[SealedStudent]


class Case(Aggregate):
    """One reported incident, its assessment and what became of it."""

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
        cls, case_id: UUID, accepted: AcceptedReport, students: Students, actor: Actor, at: datetime
    ) -> Case:
        """Begin a case with an accepted report whose details are sealed (HR-03, HR-27, HR-28)."""
        case = cls._create(
            cls.Drafted,
            id=case_id,
            report=accepted.report.as_fact(),
            students=[student.as_fact() for student in students],
            assessment=accepted.assess(len(students)).as_fact(),
            actor=actor.as_fact(),
            occurred_at=at,
        )
        case._identify_breach(None, actor, at)
        return case

    def revise(
        self, accepted: AcceptedReport, actor: Actor, at: datetime, *, students: Students | None = None
    ) -> None:
        """Replace the report of a draft; its details are sealed.

        :param students: the new list of students; None keeps the present one.
        :raises NotADraft: it is submitted.
        """
        self.require_draft()
        self._state(accepted, actor, at)
        if students is not None:
            self._list(students, accepted, actor, at)

    def _state(self, accepted: AcceptedReport, actor: Actor, at: datetime) -> None:
        report, assessment = accepted.report, accepted.assess(len(self.students))
        if report == self.report and assessment == self.assessment:
            return
        # if the school moves to another LEA, that LEA has not been told of a breach yet
        before = self.assessment if report.lea == self.report.lea else None
        self._trigger(self.Revised, actor, at, report=report.as_fact(), assessment=assessment.as_fact())
        self._identify_breach(before, actor, at)

    def list_students(self, students: Students, rules: Rulebook, actor: Actor, at: datetime) -> None:
        """Replace the list of students of a draft.

        :raises NotADraft: it is submitted.
        :raises Invalid: the form does not take the case from this caller.
        """
        self.require_draft()
        if _refs(students) != _refs(self.students):
            self._list(students, self.report.accepted(rules, actor, at), actor, at)

    def _list(self, students: Students, accepted: AcceptedReport, actor: Actor, at: datetime) -> None:
        if _refs(students) == _refs(self.students):
            return
        assessment = accepted.assess(len(students))
        kept = [student.as_fact() for student in students]
        self._trigger(self.StudentsListed, actor, at, students=kept, assessment=assessment.as_fact())

    def record_breach_call(self, call: BreachCall, actor: Actor, at: datetime) -> None:
        """Put the phone call of a breach on record (HR-11, HR-13).

        :raises WrongCallDestination, InTheFuture: it is not the call that the case asks for.
        """
        require_call_asked_for(call, self.assessment, at)
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

    def ready_to_submit(self, rules: Rulebook, actor: Actor, at: datetime) -> ReadyToSubmit:
        """Judge whether the case may be submitted as it is; ``submit`` takes the result (HR-06, HR-12).

        :raises NotADraft: it is submitted already.
        :raises BreachCallRequired: the LEA coordinator has to phone first.
        :raises Invalid: the form does not take it, or something is missing.
        """
        self.require_draft()
        accepted = self.report.accepted(rules, actor, at)
        assessment = accepted.assess(len(self.students))
        require_call_on_record(assessment, self.breach_calls, actor)
        appealable = bool(assessment.appeal_types)
        self.report.require_complete(rules, accepted.row, self.students, appealable=appealable)
        return ReadyToSubmit(
            assessment, rules, actor, at, aggregate_id=self.id, version=self.version, judged=True
        )

    def submit(self, case_number: str, ready: ReadyToSubmit) -> None:
        """Submit the case; a late submission is accepted and flagged as late (HR-05, HR-14).

        :raises ValueError: ``ready`` is about another case, or about this one as it was.
        """
        assessment, rules, at = ready.on(self).assessment, ready.rules, ready.at
        due = assessment.report_due(self.report.discovered_at or at)
        self._trigger(
            self.Submitted,
            ready.actor,
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
        """Delete the draft.

        :raises NotADraft: it is submitted.
        """
        self.require_draft()
        self._trigger(self.DraftDeleted, actor, at)

    def note_appeal(self, appeal: NotedAppeal, actor: Actor, at: datetime) -> None:
        """Record the state of an appeal; when the last appeal ends, the case ends (HR-25).

        Nothing changes if the state is known already, if a known appeal is requested again, or if the appeal
        has ended: messages may be repeated, and a replayed one may come after later ones.

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
        """End a case to which no appeal can follow (HR-25); a repetition changes nothing."""
        if self.status is CaseStatus.SUBMITTED and not self.assessment.appeal_types and not self.appeals:
            self._trigger(self.Processed, actor, at, case_number=self.case_number)

    def require_draft(self) -> None:
        """Refuse to edit a submitted case (§6.2).

        :raises NotADraft: the case is submitted, or the draft was deleted.
        """
        if self.status is not CaseStatus.DRAFT:
            raise NotADraft

    @property
    def sub_status(self) -> SubStatus | None:
        """What a submitted case waits for; none while nothing was asked for."""
        if self.status is CaseStatus.PROCESSED:
            return SubStatus.COMPLETED
        return sub_status(list(self.appeals.values()))

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
        """Others act on this fact; the draft does not change."""

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


def _refs(students: Students) -> list[str]:
    return [student.student_ref for student in students]
