"""What happened elsewhere that somebody must be told of: complete enough to write the mail from it.

``state`` names the exact state that the mail is about; a template is bound to a kind *and* a state.
No SSID and no student's name is part of any occasion.
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
        """Which one it is of several messages of one kind and cause; empty where there is but one."""
        return ""

    @property
    @abstractmethod
    def told(self) -> tuple[Somebody, ...]:
        """Whose act this follows from: they are told first."""

    @property
    def author(self) -> Somebody | None:
        """Who knows already, because it is their own word."""
        return None

    @property
    def fits_until(self) -> datetime | None:
        """The instant from which what it says is no longer so; None: it stays so."""
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
