"""What callers ask for, as plain values; ids and times come in with them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.appeals.domain.values import Act, AppealType, DeclaredEvent
from shared.kernel.actor import Actor


@dataclass(frozen=True)
class AskOffers:
    """What may be appealed for one student, or for any of the case, in this state."""

    actor: Actor
    at: datetime
    case_number: str
    student_ref: str | None
    event: DeclaredEvent


@dataclass(frozen=True)
class StudentAsked:
    """One student of a request."""

    appeal_id: UUID  # of the appeal to be
    student_ref: str
    event: DeclaredEvent


@dataclass(frozen=True)
class RequestAppeals:
    """One appeal per student, all or none."""

    actor: Actor
    at: datetime
    case_number: str
    appeal_type: AppealType
    students: tuple[StudentAsked, ...]
    comments: str | None = None


class Deed(StrEnum):
    """What is done to an appeal; the name of the aggregate's method."""

    APPROVE = "approve"
    DENY = "deny"
    WITHDRAW = "withdraw"
    PROCESS = "process"
    FAIL = "fail"
    RESUBMIT = "resubmit"


@dataclass(frozen=True)
class DoToAppeal:
    """One deed on one appeal; ``expected`` is the version that the caller decided on."""

    deed: Deed
    appeal_id: UUID
    act: Act
    expected: int | None = None


@dataclass(frozen=True)
class DecideMany:
    """The same decision on many appeals; each has a result of its own."""

    deed: Deed  # APPROVE or DENY
    appeal_ids: tuple[UUID, ...]
    act: Act
