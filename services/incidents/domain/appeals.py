"""What a case knows of its appeals: the appeals service decides, the case keeps the outcome."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from services.incidents.domain.values import SubStatus

TERMINAL = frozenset({"denied", "withdrawn", "processed", "not_required"})
"""§5.5; an approved appeal still has to be executed."""

PENDING = frozenset({"pending_cde", "pending_caltac"})
"""The states in which an appeal begins; none is reached again later."""

DECIDED = frozenset({"approved", "denied", "processed"})

WAITING = {"pending_cde": "cde", "pending_caltac": "caltac", "processing_failed": "caltac"}
"""The desk that has to act; CalTAC resubmits what could not be executed (A-27)."""


@dataclass(frozen=True)
class NotedAppeal:
    """How one appeal (one student, one test, one type) stands."""

    appeal_id: str
    appeal_number: str
    appeal_type: str
    student_ref: str
    status: str
    decider: str

    def as_fact(self) -> dict[str, str]:
        """The form in which an event keeps it."""
        return asdict(self)

    @classmethod
    def from_fact(cls, fact: Mapping[str, str]) -> NotedAppeal:
        """The appeal that an event kept."""
        return cls(**fact)


def sub_status(appeals: Sequence[NotedAppeal]) -> SubStatus | None:
    """The desk that the case waits for, the CDE before CalTAC; *partial* if it has decided some (P15).

    A withdrawn appeal does not count as decided; a student for whom it is filed again waits again.
    """
    for desk, pending, partial in (
        ("cde", SubStatus.PENDING_CDE, SubStatus.PARTIAL_CDE),
        ("caltac", SubStatus.PENDING_CALTAC, SubStatus.PARTIAL_CALTAC),
    ):
        waiting = [appeal for appeal in appeals if WAITING.get(appeal.status) == desk]
        if waiting:
            decided = {
                each.student_ref for each in appeals if each.decider == desk and each.status in DECIDED
            }
            return partial if decided - {appeal.student_ref for appeal in waiting} else pending
    return SubStatus.COMPLETED if appeals else None
