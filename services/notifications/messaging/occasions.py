"""From the published language into ours: one function per event, no rule in any of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TypedDict
from uuid import UUID
from zoneinfo import ZoneInfo

from services.notifications.domain.occasions import (
    AdditionalActionRequired,
    AppealApproved,
    AppealDenied,
    AppealRequested,
    AppealWithdrawn,
    BreachCallDue,
    CaseSubmitted,
    ConcernRecorded,
    DecisionAtRisk,
    DecisionOverdue,
    DraftReminder,
    NoteAdded,
    NoteForADesk,
    ReportAtRisk,
    ReportOverdue,
    Somebody,
)
from shared.contracts import appeals_v1, incidents_v1
from shared.contracts.envelope import Person


class AboutAppeal(TypedDict):
    """What every occasion about an appeal says."""

    incident_id: UUID
    case_number: str
    lea: str
    school: str
    administration_year: str | None
    appeal_number: str
    appeal_type: str
    student_ref: str
    test: str
    incident_type: str
    decider: str
    filed_by: Somebody
    case_submitted_by: Somebody


def case_submitted(event: incidents_v1.IncidentSubmitted) -> CaseSubmitted:
    """A case was submitted."""
    return CaseSubmitted(
        incident_id=event.incident_id,
        case_number=event.case_number,
        lea=event.lea,
        school=event.school,
        administration_year=event.administration_year,
        incident_title=event.incident_title,
        severity=event.severity,
        severity_reason=event.severity_reason.text,
        severity_source=event.severity_reason.source,
        recommended_action=event.recommended_action,
        pre_action=event.pre_action,
        appeal_types=tuple(event.appeal_types),
        late=event.late,
        grade=event.grade,
        test=event.test,
        delivery_mode=event.delivery_mode,
        student_count=event.student_count,
        occurred_at=event.occurred_at,
        discovered_at=event.discovered_at,
        report_due_at=event.report_due_at,
        submitted_at=event.submitted_at,
        submitted_by=somebody(event.submitted_by),
    )


def appeal_requested(event: appeals_v1.AppealRequested) -> AppealRequested:
    """An appeal waits for a decision."""
    return AppealRequested(**about_appeal(event), received_at=event.received_at, decide_by=event.decide_by)


def appeal_approved(event: appeals_v1.AppealApproved) -> AppealApproved:
    """The decider said yes."""
    return AppealApproved(
        **about_appeal(event),
        decided_at=event.decided_at,
        reason=event.reason,
        effect=event.effect,
        reopened_until=event.reopened_until,
    )


def appeal_denied(event: appeals_v1.AppealDenied) -> AppealDenied:
    """The decider said no, and why."""
    return AppealDenied(**about_appeal(event), decided_at=event.decided_at, reason=event.reason)


def appeal_withdrawn(event: appeals_v1.AppealWithdrawn) -> AppealWithdrawn:
    """The coordinator took the request back."""
    return AppealWithdrawn(
        **about_appeal(event), withdrawn_at=event.withdrawn_at, withdrawn_by=somebody(event.withdrawn_by)
    )


def somebody(person: Person) -> Somebody:
    """Somebody who acted; whom a token calls what it likes, which is made harmless where it is used."""
    return Somebody(person.role, person.name, person.email)


def about_appeal(event: appeals_v1.AppealFact) -> AboutAppeal:
    """What every event of an appeal says about the appeal."""
    return {
        "incident_id": event.incident_id,
        "case_number": event.case_number,
        "lea": event.lea,
        "school": event.school,
        "administration_year": event.administration_year,
        "appeal_number": event.appeal_number,
        "appeal_type": event.appeal_type,
        "student_ref": event.student_ref,
        "test": event.test,
        "incident_type": event.incident_type,
        "decider": event.decider,
        "filed_by": somebody(event.filed_by),
        "case_submitted_by": somebody(event.case_submitted_by),
    }


def note_added(event: incidents_v1.NoteAdded) -> NoteAdded:
    """A note stands on a case."""
    return NoteAdded(
        incident_id=event.incident_id,
        case_number=event.case_number,
        lea=event.lea,
        school=event.school,
        by=somebody(event.added_by),
        at=event.added_at,
        case_submitted_by=somebody(event.case_submitted_by),
        administration_year=event.administration_year,
    )


def note_for_a_desk(event: incidents_v1.NoteAdded, desk: str) -> NoteForADesk:
    """A coordinator's note stands on a case, and concerns a desk."""
    return NoteForADesk(**vars(note_added(event)), desk=desk)


def additional_action_required(event: incidents_v1.AdditionalActionRequired) -> AdditionalActionRequired:
    """More is asked for."""
    return AdditionalActionRequired(
        incident_id=event.incident_id,
        case_number=event.case_number,
        lea=event.lea,
        school=event.school,
        by=somebody(event.required_by),
        at=event.required_at,
        case_submitted_by=somebody(event.case_submitted_by),
        administration_year=event.administration_year,
    )


def concern_recorded(event: incidents_v1.ConcernRecorded) -> ConcernRecorded:
    """Something was told upward."""
    return ConcernRecorded(
        incident_id=event.concern_id,
        case_number=None,
        lea=event.lea,
        school=event.school,
        by=somebody(event.recorded_by),
        at=event.recorded_at,
        severity_guess=event.severity_guess,
    )


def breach_identified(event: incidents_v1.BreachIdentified) -> BreachCallDue:
    """A draft is a breach."""
    return BreachCallDue(
        incident_id=event.incident_id,
        case_number=None,
        lea=event.lea,
        school=event.school,
        by=somebody(event.identified_by),
        at=event.identified_at,
        incident_title=event.incident_title,
        call=event.call,
        administration_year=event.rulebook,
    )


PACIFIC = ZoneInfo("America/Los_Angeles")


class _OfAReport(TypedDict):
    incident_id: UUID
    case_number: str | None
    lea: str
    school: str
    clock: str
    clock_title: str
    administration_year: str
    incident_title: str
    due_at: datetime
    noticed_at: datetime
    filed_by: Somebody


def draft_reminder(event: incidents_v1.DraftReminder) -> DraftReminder:
    """A draft waits while its window ends."""
    return DraftReminder(
        incident_id=event.incident_id,
        case_number=None,
        lea=event.lea,
        school=event.school,
        administration_year=event.rulebook,
        incident_title=event.incident_title,
        window_closes_on=event.window_closes_on,
        reporting_closes_on=event.reporting_closes_on,
        reporting_ends_at=_end_of(event.reporting_closes_on),
        noticed_at=event.noticed_at,
        drafted_by=somebody(event.drafted_by),
    )


def report_at_risk(event: incidents_v1.DeadlineAtRisk) -> ReportAtRisk:
    """A deadline of a case still runs."""
    return ReportAtRisk(**_of_a_report(event))


def report_overdue(event: incidents_v1.DeadlineMissed) -> ReportOverdue:
    """A deadline of a case has passed."""
    return ReportOverdue(**_of_a_report(event))


def decision_at_risk(event: appeals_v1.DecisionAtRisk) -> DecisionAtRisk:
    """A decision's deadline still runs."""
    return DecisionAtRisk(
        **about_appeal(event), clock=event.clock, decide_by=event.decide_by, noticed_at=event.noticed_at
    )


def decision_overdue(event: appeals_v1.DecisionOverdue) -> DecisionOverdue:
    """A decision's deadline has passed."""
    return DecisionOverdue(
        **about_appeal(event), clock=event.clock, decide_by=event.decide_by, noticed_at=event.noticed_at
    )


def _of_a_report(event: incidents_v1.ReportClock) -> _OfAReport:
    return {
        "incident_id": event.incident_id,
        "case_number": event.case_number,
        "lea": event.lea,
        "school": event.school,
        "clock": event.clock,
        "clock_title": event.clock_title,
        "administration_year": event.rulebook,
        "incident_title": event.incident_title,
        "due_at": event.due_at,
        "noticed_at": event.noticed_at,
        "filed_by": somebody(event.filed_by),
    }


def _end_of(day: date) -> datetime:
    """The first instant after a day in California."""
    return datetime.combine(day + timedelta(days=1), time(), PACIFIC).astimezone(UTC)
