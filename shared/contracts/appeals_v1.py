"""What the appeals service publishes on ``stairs.appeals.v1``. No SSID."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.envelope import AboutCase, Person

TOPIC = "stairs.appeals.v1"
SOURCE = "/appeals"


class AppealFact(AboutCase):
    """What every event of an appeal says about the appeal."""

    appeal_id: UUID
    appeal_number: str
    case_number: str
    appeal_type: str
    student_ref: str
    test: str
    incident_type: str
    lea: str
    school: str
    status: str  # after this event
    decider: str
    filed_by: Person
    case_submitted_by: Person
    administration_year: str | None = None  # of the case


class AppealRequested(AppealFact):
    """A coordinator asked for an appeal; it waits for the CDE or CalTAC."""

    TYPE: ClassVar[str] = "stairs.appeal.requested.v1"

    routing: str
    received_at: datetime
    decide_by: datetime | None


class AppealApproved(AppealFact):
    """The decider said yes."""

    TYPE: ClassVar[str] = "stairs.appeal.approved.v1"

    decided_at: datetime
    decided_by: Person
    reason: str | None
    effect: str
    reopened_until: date | None


class AppealDenied(AppealFact):
    """The decider said no, and why; a new appeal may follow (HR-26)."""

    TYPE: ClassVar[str] = "stairs.appeal.denied.v1"

    decided_at: datetime
    decided_by: Person
    reason: str


class AppealWithdrawn(AppealFact):
    """The coordinator took the request back while the CDE had not decided (HR-19)."""

    TYPE: ClassVar[str] = "stairs.appeal.withdrawn.v1"

    withdrawn_at: datetime
    withdrawn_by: Person


class AppealProcessed(AppealFact):
    """Executed in the test delivery system."""

    TYPE: ClassVar[str] = "stairs.appeal.processed.v1"

    processed_at: datetime
    processed_by: Person
    effect: str


class AppealProcessingFailed(AppealFact):
    """The test delivery system could not execute it; CalTAC resubmits (A-27)."""

    TYPE: ClassVar[str] = "stairs.appeal.processing_failed.v1"

    failed_at: datetime
    reason: str


class DecisionClock(AppealFact):
    """What every event about a decision clock says (K5, K6, K7)."""

    clock: str  # the id of domain §8, "K5"
    decide_by: datetime  # as it was computed; an outage does not move it
    noticed_at: datetime


class DecisionAtRisk(DecisionClock):
    """The appeal is undecided, and one of its clock's warnings is due (N10)."""

    TYPE: ClassVar[str] = "stairs.appeal.decision_at_risk.v1"

    warning: str  # what the warning leaves: "P1BD" is one business day


class DecisionOverdue(DecisionClock):
    """The appeal is undecided after its clock ran out; nothing is decided by itself (K5)."""

    TYPE: ClassVar[str] = "stairs.appeal.decision_overdue.v1"
