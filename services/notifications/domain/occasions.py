"""What happened in another service and is mailed to somebody, with all that the mail needs.

``state`` names the exact state that the mail is about; a template is bound to a kind *and* a state.
No occasion holds an SSID or a student's name. Announcements refer the reader to STAIRS for the text, which
stays in the incidents service. A warning is sent only while its deadline runs (``fits_until``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from services.notifications.domain.values import Matter


@dataclass(frozen=True)
class Somebody:
    """Somebody who acted, as their token named them."""

    role: str
    name: str
    email: str


@dataclass(frozen=True, kw_only=True)
class Occasion(ABC):
    """What every occasion says: which case, and in whose scope it lies."""

    state: ClassVar[str]

    incident_id: UUID
    case_number: str | None  # None: a draft, or no case at all
    lea: str
    school: str
    administration_year: str | None = None  # whose policy words the mail; None: not known

    @property
    def matter(self) -> Matter:
        """The case that this is about."""
        return Matter(self.incident_id, self.case_number, self.lea, self.school)

    @property
    def beside(self) -> str:
        """Tells several messages of one kind and cause apart; empty if there is only one."""
        return ""

    @property
    @abstractmethod
    def told(self) -> tuple[Somebody, ...]:
        """The people whose act led to this; they are recipients."""

    @property
    def author(self) -> Somebody | None:
        """Who wrote it, and so is not mailed."""
        return None

    @property
    def fits_until(self) -> datetime | None:
        """The instant from which it is no longer true; None if it stays true."""
        return None


@dataclass(frozen=True, kw_only=True)
class CaseSubmitted(Occasion):
    """A case was submitted (N1, N2)."""

    state = "submitted"

    case_number: str
    administration_year: str
    incident_title: str
    severity: str
    severity_reason: str
    severity_source: str
    recommended_action: str
    pre_action: str | None
    appeal_types: tuple[str, ...]
    late: bool
    grade: str
    test: str
    delivery_mode: str
    student_count: int
    occurred_at: datetime
    discovered_at: datetime
    report_due_at: datetime
    submitted_at: datetime
    submitted_by: Somebody

    @property
    def told(self) -> tuple[Somebody, ...]:
        """The submitter (HR-09)."""
        return (self.submitted_by,)


@dataclass(frozen=True, kw_only=True)
class AppealOccasion(Occasion):
    """What every occasion about an appeal says."""

    case_number: str
    appeal_number: str
    appeal_type: str
    student_ref: str
    test: str
    incident_type: str
    decider: str
    filed_by: Somebody
    case_submitted_by: Somebody

    @property
    def told(self) -> tuple[Somebody, ...]:
        """Who filed the appeal, and who submitted its case."""
        return (self.filed_by, self.case_submitted_by)


@dataclass(frozen=True, kw_only=True)
class AppealRequested(AppealOccasion):
    """An appeal waits for a decision (N3)."""

    state = "requested"

    received_at: datetime
    decide_by: datetime | None


@dataclass(frozen=True, kw_only=True)
class AppealApproved(AppealOccasion):
    """The decider said yes (N4)."""

    state = "approved"

    decided_at: datetime
    reason: str | None
    effect: str
    reopened_until: date | None


@dataclass(frozen=True, kw_only=True)
class AppealDenied(AppealOccasion):
    """The decider said no, and why (N4)."""

    state = "denied"

    decided_at: datetime
    reason: str


@dataclass(frozen=True, kw_only=True)
class AppealWithdrawn(AppealOccasion):
    """The coordinator took the request back (N5)."""

    state = "withdrawn"

    withdrawn_at: datetime
    withdrawn_by: Somebody


@dataclass(frozen=True, kw_only=True)
class Announcement(Occasion):
    """What every announcement says: who did it, and when."""

    by: Somebody
    at: datetime


@dataclass(frozen=True, kw_only=True)
class AboutSubmittedCase(Announcement):
    """Something new on a submitted case."""

    case_number: str
    case_submitted_by: Somebody

    @property
    def told(self) -> tuple[Somebody, ...]:
        """The submitter."""
        return (self.case_submitted_by,)

    @property
    def author(self) -> Somebody | None:
        """Nobody is told of their own words."""
        return self.by


@dataclass(frozen=True, kw_only=True)
class NoteAdded(AboutSubmittedCase):
    """Somebody added a note (N6)."""

    state = "added"


@dataclass(frozen=True, kw_only=True)
class NoteForADesk(NoteAdded):
    """A coordinator's note, for whoever decides or asked: a message apart, so that no side sees addresses."""

    desk: str  # "cde" or "caltac"

    @property
    def told(self) -> tuple[Somebody, ...]:
        """Nobody but the desk."""
        return ()

    @property
    def beside(self) -> str:
        """The desk's message stands beside the coordinators'."""
        return self.desk


@dataclass(frozen=True, kw_only=True)
class AdditionalActionRequired(AboutSubmittedCase):
    """CalTAC or the CDE ask for more (N11)."""

    state = "required"


@dataclass(frozen=True, kw_only=True)
class ConcernRecorded(Announcement):
    """Somebody told what was seen (N7); there is no case yet, so its own id stands for one."""

    state = "recorded"

    severity_guess: str | None

    @property
    def told(self) -> tuple[Somebody, ...]:
        """Nobody but the coordinators: who gives tests is never mailed."""
        return ()

    @property
    def author(self) -> Somebody | None:
        """A coordinator who told it knows it."""
        return self.by


@dataclass(frozen=True, kw_only=True)
class BreachCallDue(Announcement):
    """A draft turned out to be a breach (N8): the LEA coordinators phone now, whoever found it."""

    state = "identified"

    incident_title: str
    call: str  # a code of the policy's ``pre_actions``

    @property
    def told(self) -> tuple[Somebody, ...]:
        """The LEA's coordinators alone."""
        return ()


@dataclass(frozen=True, kw_only=True)
class DraftReminder(Occasion):
    """A draft is unsent, and the testing window or the week after it is about to end (N9)."""

    state = "unsent"

    incident_title: str
    window_closes_on: date
    reporting_closes_on: date  # the last day on which it can be submitted, in California
    reporting_ends_at: datetime  # the first instant after that day
    noticed_at: datetime
    drafted_by: Somebody

    @property
    def told(self) -> tuple[Somebody, ...]:
        """Who drafted it."""
        return (self.drafted_by,)

    @property
    def fits_until(self) -> datetime | None:
        """Until it can no longer be submitted."""
        return self.reporting_ends_at


@dataclass(frozen=True, kw_only=True)
class ReportDeadline(Occasion):
    """What every mail about a deadline of a case says (N10; K3, K4, K8)."""

    clock: str  # the id of domain §8, "K3"
    clock_title: str
    administration_year: str
    incident_title: str
    due_at: datetime  # as it was computed; an outage does not move it
    noticed_at: datetime
    filed_by: Somebody

    @property
    def told(self) -> tuple[Somebody, ...]:
        """Who drafted the case, or submitted it."""
        return (self.filed_by,)


@dataclass(frozen=True, kw_only=True)
class ReportAtRisk(ReportDeadline):
    """The deadline still runs, and a warning is due (N10)."""

    state = "report_at_risk"

    @property
    def fits_until(self) -> datetime | None:
        """Until it is due."""
        return self.due_at


@dataclass(frozen=True, kw_only=True)
class ReportOverdue(ReportDeadline):
    """The deadline passed before the case was submitted (N10, A-3)."""

    state = "report_overdue"


@dataclass(frozen=True, kw_only=True)
class DecisionDeadline(AppealOccasion):
    """What every mail about a decision's deadline says (N10; K5, K6, K7): the decider's desk is told."""

    clock: str
    decide_by: datetime
    noticed_at: datetime

    @property
    def told(self) -> tuple[Somebody, ...]:
        """Nobody but the desk: whoever asked for the appeal can only wait."""
        return ()


@dataclass(frozen=True, kw_only=True)
class DecisionAtRisk(DecisionDeadline):
    """Undecided, and a warning is due (N10)."""

    state = "decision_at_risk"

    @property
    def fits_until(self) -> datetime | None:
        """Until the decision is due."""
        return self.decide_by


@dataclass(frozen=True, kw_only=True)
class DecisionOverdue(DecisionDeadline):
    """Undecided when the deadline passed; nothing is decided by itself (K5, N10)."""

    state = "decision_overdue"
