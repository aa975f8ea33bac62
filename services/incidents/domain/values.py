"""The words of the field (domain §2–§6): what can be said about a case, and how little else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

MOST_STUDENTS = 500
"""HR-07: a case with more is split into several."""

CDS_OF_LEA = 7
"""An LEA is the first seven digits of a school's fourteen-digit CDS code."""

LAST_OF_A_YEAR = (7, 15)
"""The outer date of the windows of every year that has a rulebook (``testing_window.latest``)."""


class CaseStatus(StrEnum):
    """§6.2; a deleted draft is gone from every view but its own history."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    PROCESSED = "processed"
    DELETED = "deleted"


class SubStatus(StrEnum):
    """What a submitted case waits for (P15)."""

    PENDING_CDE = "pending_cde"
    PARTIAL_CDE = "partial_cde"
    PENDING_CALTAC = "pending_caltac"
    PARTIAL_CALTAC = "partial_caltac"
    COMPLETED = "completed"


class Severity(StrEnum):
    """§4.1: low, medium, high."""

    IMPROPRIETY = "impropriety"
    IRREGULARITY = "irregularity"
    BREACH = "breach"


class RecommendedAction(StrEnum):
    """What the form ends in (M p49)."""

    NO_ACTION_REQUIRED = "no_action_required"
    CONTINUE_TO_SUBMIT_APPEAL = "continue_to_submit_appeal"
    WAIT_FOR_CDE_RESPONSE = "wait_for_cde_response"
    CONTACT_CALTAC = "contact_caltac"
    CALL_CDE = "call_cde"


class PreAction(StrEnum):
    """The phone call that comes first (M p43)."""

    CALL_CDE = "call_cde"
    CALL_CALTAC = "call_caltac"


class CallDestination(StrEnum):
    """Who was phoned."""

    CDE = "cde"
    CALTAC = "caltac"

    @property
    def as_pre_action(self) -> PreAction:
        """The instruction that a call to this desk fulfils."""
        return PreAction.CALL_CDE if self is CallDestination.CDE else PreAction.CALL_CALTAC


class AppealType(StrEnum):
    """What may become of a student's test by an appeal (§5.1)."""

    RESET = "reset"
    RE_OPEN = "re_open"
    INVALIDATE = "invalidate"
    RESTORE = "restore"
    GRACE_PERIOD_EXTENSION = "grace_period_extension"


class Category(StrEnum):
    """Where an incident comes from (§4.2)."""

    STUDENT = "student"
    ADMINISTRATOR = "administrator"
    ENVIRONMENT = "environment"
    TECHNOLOGY = "technology"
    MATERIALS = "materials"
    TEST_SETTINGS = "test_settings"
    AVAILABILITY = "availability"
    OTHER = "other"


class About(StrEnum):
    """Whom or what an incident concerns (§4.2)."""

    STUDENTS = "students"
    ADULT = "adult"
    SESSION = "session"
    MATERIALS = "materials"


class Basis(StrEnum):
    """§0.1: whether a source says it, or it follows, or we decided it."""

    STATED = "stated"
    DERIVED = "derived"
    RULING = "ruling"


class DeliveryMode(StrEnum):
    """How the test was given."""

    ONLINE = "online"
    PAPER = "paper"


class AssessmentKind(StrEnum):
    """Only summative tests are reported (HR-03)."""

    SUMMATIVE = "summative"
    INTERIM = "interim"
    PRACTICE = "practice"
    TRAINING = "training"


@dataclass(frozen=True)
class SealedStudent:
    """A student as every fact keeps them: a keyed pseudonym, and an SSID that only the vault opens."""

    student_ref: str
    ssid_sealed: str

    def as_fact(self) -> dict[str, str]:
        """The form in which an event keeps a student."""
        return {"student_ref": self.student_ref, "ssid_sealed": self.ssid_sealed}

    @classmethod
    def from_fact(cls, fact: Mapping[str, str]) -> SealedStudent:
        """The student that an event kept."""
        return cls(fact["student_ref"], fact["ssid_sealed"])


@dataclass(frozen=True)
class BreachCall:
    """A phone call as it was made (HR-11)."""

    called: CallDestination
    called_at: datetime
    spoke_with: str | None = None
    reference: str | None = None


def administration_year(occurred_at: datetime) -> str:
    """The school year's label, ``2018-19``: it turns after July 15 in California.

    Until that day the windows of the year before may be open (§2.2, E54): what happens then is of that year.
    Daylight saving time holds there, seven hours behind UTC, so no time-zone table is needed.
    """
    local = occurred_at - timedelta(hours=7)
    return year_beginning(local.year if (local.month, local.day) > LAST_OF_A_YEAR else local.year - 1)


@cache
def year_beginning(first: int) -> str:
    """The label of the administration year that begins in this calendar year."""
    return f"{first}-{(first + 1) % 100:02d}"
