"""What the incidents service publishes on ``stairs.incidents.v1``. No SSID, no free text."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from shared.contracts.envelope import AboutCase, Person, Published

TOPIC = "stairs.incidents.v1"
SOURCE = "/incidents"


class Reason(BaseModel):
    """Which rule of which year's rulebook decided, and its source in the guides."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    rule: str
    rulebook: str
    source: str
    text: str


class IncidentSubmitted(AboutCase):
    """A case was submitted; complete, so that no consumer has to ask back."""

    TYPE: ClassVar[str] = "stairs.incident.submitted.v1"

    case_number: str
    administration_year: str
    rulebook: str
    rulebook_version: str  # content hash of the rulebook that decided
    incident_type: str
    incident_title: str
    severity: str
    severity_reason: Reason
    recommended_action: str
    pre_action: str | None
    appeal_types: list[str]
    cde_copy: bool
    late: bool
    lea: str
    school: str
    grade: str
    test: str
    delivery_mode: str
    student_count: int
    student_refs: list[str]
    occurred_at: datetime
    discovered_at: datetime
    report_due_at: datetime
    submitted_at: datetime
    submitted_by: Person
    disruption_cause: str | None = None  # of a session disruption: appeals judges by it (HR-21)


class IncidentProcessed(AboutCase):
    """No appeal is needed, or every appeal of the case is terminal (HR-25)."""

    TYPE: ClassVar[str] = "stairs.incident.processed.v1"

    case_number: str
    processed_at: datetime


class BreachCallRecorded(AboutCase):
    """The LEA coordinator phoned CalTAC or the CDE (HR-11)."""

    TYPE: ClassVar[str] = "stairs.incident.breach_call_recorded.v1"

    case_number: str | None
    school: str
    called: str
    called_at: datetime
    recorded_by: Person


class BreachIdentified(AboutCase):
    """A draft turned out to be a breach: somebody must phone now (N8)."""

    TYPE: ClassVar[str] = "stairs.incident.breach_identified.v1"

    incident_type: str
    incident_title: str
    school: str
    lea: str
    call: str  # "call_cde" or "call_caltac"
    identified_at: datetime
    identified_by: Person
    rulebook: str | None = None  # the year whose rules ask for the call


class TestingWindowSet(Published):
    """An LEA or a school has chosen when it tests; whatever it chose before counts no more (HR-20)."""

    TYPE: ClassVar[str] = "stairs.testing_window.set.v1"

    cds: str  # 7 digits: an LEA; 14: a school, which wins over its LEA
    administration_year: str
    opens_on: date
    closes_on: date  # the last day on which one tests and appeals, in California
    set_at: datetime
    set_by: Person
    version: int  # of the window: of two, the greater one is the newer

    @property
    def key(self) -> str:
        """Order is kept per place."""
        return self.cds


class FilingProtocolSet(Published):
    """An LEA has chosen who files its cases and appeals; whatever it chose before counts no more (M p49)."""

    TYPE: ClassVar[str] = "stairs.filing_protocol.set.v1"

    lea: str
    filing_protocol: str  # "site_allowed", the default, or "lea_only": its sites file neither
    set_at: datetime
    set_by: Person
    version: int  # of the choice: of two, the greater one is the newer

    @property
    def key(self) -> str:
        """Order is kept per LEA."""
        return self.lea


class NoteAdded(AboutCase):
    """Somebody added a note to a submitted case (N6); what it says stays in the incidents service."""

    TYPE: ClassVar[str] = "stairs.incident.note_added.v1"

    note_id: UUID
    case_number: str
    lea: str
    school: str
    added_at: datetime
    added_by: Person
    case_submitted_by: Person
    for_desks: tuple[
        str, ...
    ] = ()  # "cde", "caltac": whom a coordinator's note concerns; of a desk's own none
    administration_year: str | None = None


class AdditionalActionRequired(AboutCase):
    """CalTAC or the CDE ask for more (N11); what they ask for stays in the incidents service."""

    TYPE: ClassVar[str] = "stairs.incident.additional_action_required.v1"

    case_number: str
    lea: str
    school: str
    required_at: datetime
    required_by: Person
    case_submitted_by: Person
    administration_year: str | None = None


class ConcernRecorded(Published):
    """Somebody told the coordinators of a school what was seen (N7); the words stay inside."""

    TYPE: ClassVar[str] = "stairs.concern.recorded.v1"

    concern_id: UUID
    lea: str
    school: str
    severity_guess: str | None
    recorded_at: datetime
    recorded_by: Person

    @property
    def key(self) -> str:
        """The concern's id: it belongs to no case."""
        return str(self.concern_id)


class ReportClock(AboutCase):
    """What every event about a clock of a case says: which clock, whose case, due when (K3, K4, K8)."""

    clock: str  # the id of domain §8, "K3"
    clock_title: str  # in a coordinator's words
    case_number: str | None  # None while the case is a draft
    incident_type: str
    incident_title: str
    lea: str
    school: str
    due_at: datetime  # as it was computed; an outage does not move it
    noticed_at: datetime
    rulebook: str
    filed_by: Person  # who drafted the case, or submitted it


class DeadlineAtRisk(ReportClock):
    """A clock still runs, and one of its warnings is due (N10)."""

    TYPE: ClassVar[str] = "stairs.incident.deadline_at_risk.v1"

    warning: str  # the time that the warning leaves, as an ISO 8601 duration: "PT4H"


class DeadlineMissed(ReportClock):
    """A clock ran out before what it waits for had happened (N10)."""

    TYPE: ClassVar[str] = "stairs.incident.deadline_missed.v1"


class DraftReminder(AboutCase):
    """A draft is unsent and the testing window is about to end, or to close for reports (N9)."""

    TYPE: ClassVar[str] = "stairs.incident.draft_reminder.v1"

    incident_type: str
    incident_title: str
    lea: str
    school: str
    window_closes_on: date
    reporting_closes_on: date  # the last day on which it can be submitted, in California
    noticed_at: datetime
    drafted_by: Person
    rulebook: str | None = None  # the year whose rules say until when
