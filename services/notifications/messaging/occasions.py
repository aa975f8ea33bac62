"""From the published language into ours: one function per event, no rule in any of them."""

from __future__ import annotations

from typing import TypedDict
from uuid import UUID

from services.notifications.domain.occasions import (
    AppealApproved,
    AppealDenied,
    AppealRequested,
    AppealWithdrawn,
    CaseSubmitted,
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
