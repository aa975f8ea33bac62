"""The words of appeals: enumerations and value objects (domain §4.2, §5; contract §4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from shared.kernel.actor import Actor


class AppealType(StrEnum):
    """What may be asked for; ``restore`` by CalTAC only (HR-18)."""

    RESET = "reset"
    RE_OPEN = "re_open"
    INVALIDATE = "invalidate"
    RESTORE = "restore"
    GRACE_PERIOD_EXTENSION = "grace_period_extension"


class EventState(StrEnum):
    """The state of the student's one attempt, as declared by who files (A-31)."""

    NEVER_STARTED = "never_started"
    STARTED = "started"
    PAUSED = "paused"
    SUBMITTED = "submitted"
    EXPIRED = "expired"
    COMPLETED = "completed"
    INVALIDATED = "invalidated"
    RESET = "reset"


class Part(StrEnum):
    """The part of a test that was hit; the pause rule binds ``cat`` and ``discrete_block`` (A-11)."""

    CAT = "cat"
    PT = "pt"
    DISCRETE_BLOCK = "discrete_block"


class Decider(StrEnum):
    """Whose queue an appeal waits in (HR-16, HR-17)."""

    CDE = "cde"
    CALTAC = "caltac"


class Routing(StrEnum):
    """Filed at once, or only when the CDE has approved (§5.2.3, A-28)."""

    FILE_NOW = "file_now"
    DEFER_FOR_CDE = "defer_for_cde"


class AppealStatus(StrEnum):
    """Where an appeal stands (§5.5)."""

    PENDING_CDE = "pending_cde"
    PENDING_CALTAC = "pending_caltac"
    APPROVED = "approved"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    PROCESSED = "processed"
    PROCESSING_FAILED = "processing_failed"

    @property
    def is_pending(self) -> bool:
        """Whether nobody has decided yet."""
        return self in PENDING

    @classmethod
    def pending_for(cls, decider: Decider) -> AppealStatus:
        """The status of a request that waits for this decider."""
        return cls.PENDING_CDE if decider is Decider.CDE else cls.PENDING_CALTAC


PENDING = frozenset({AppealStatus.PENDING_CDE, AppealStatus.PENDING_CALTAC})


@dataclass(frozen=True)
class DeclaredEvent:
    """What is said about the student's attempt; an unknown is left to the decider (§5.7)."""

    state: EventState | None = None
    minutes_paused: int | None = None  # whole minutes; exactly 20 keeps access (§2.5)
    part: Part | None = None

    def as_fact(self) -> dict[str, str | int | None]:
        """The form in which an event keeps it."""
        return {
            "event_state": self.state.value if self.state else None,
            "minutes_paused": self.minutes_paused,
            "part": self.part.value if self.part else None,
        }


@dataclass(frozen=True)
class KnownCase:
    """A submitted case as this service learned it from the incidents service; no SSID."""

    incident_id: UUID
    case_number: str
    administration_year: str  # "2018-19"
    incident_type: str
    appeal_types: tuple[str, ...]  # what the catalog lets this case lead to, in its order
    lea: str
    school: str
    test: str
    delivery_mode: str
    student_refs: frozenset[str]
    submitted_by: dict[str, str | None]
    disruption_cause: str | None = None  # None: not said; the decider judges
    window_closes_on: date | None = None  # None: no window is known
    lea_files: bool = False  # its sites do not; as far as was heard (§3.3 note 1)


@dataclass(frozen=True)
class Request:
    """One student's appeal as it is asked for."""

    appeal_id: UUID
    appeal_number: str
    appeal_type: AppealType
    student_ref: str
    event: DeclaredEvent
    comments: str | None
    actor: Actor
    at: datetime


@dataclass(frozen=True)
class Act:
    """Who does something to an appeal, when, and what they say about it."""

    actor: Actor
    at: datetime
    reason: str | None = None
    comments: str | None = None

    @property
    def stated_reason(self) -> str | None:
        """The reason, unless it is blank."""
        return (self.reason or "").strip() or None


@dataclass(frozen=True)
class Decision:
    """Who decided, when, and with what words."""

    by: dict[str, str | None]
    at: datetime
    reason: str | None
    comments: str | None
