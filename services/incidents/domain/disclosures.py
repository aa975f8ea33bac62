"""Who read the full SSIDs of a case: a stream of its own, so that a read changes no case's version."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event

from services.incidents.domain.facts import Person
from shared.kernel.actor import Actor

NAMES = UUID("b1a0c9d8-2f5e-5d1c-9a37-6c0f4e1d7a52")


def disclosures_of(case_id: UUID) -> UUID:
    """The stream that belongs to a case."""
    return uuid5(NAMES, str(case_id))


class Disclosures(Aggregate):
    """The reads of one case's SSIDs."""

    TOPIC = "incidents.disclosures"

    # --- What can have happened. ---

    class Event(Aggregate.Event):
        """Every fact says who read, when, and of how many students."""

        actor: Person
        occurred_at: datetime
        case_id: UUID
        student_count: int

    class Created(Aggregate.Created, Event):
        """Required by the library; never triggered."""

        TOPIC = "incidents.disclosures.created"

    class StudentsFirstRead(Created):
        """Somebody read the SSIDs for the first time."""

        TOPIC = "incidents.disclosures.students_first_read"
        student_refs: list[str] | None = None  # whose SSIDs were opened; absent in the oldest facts

    class StudentsRead(Event):
        """Somebody read them again."""

        TOPIC = "incidents.disclosures.students_read"
        student_refs: list[str] | None = None  # whose SSIDs were opened; absent in the oldest facts

    # --- What may be asked. ---

    @classmethod
    def first(
        cls, case_id: UUID, student_count: int, student_refs: list[str], actor: Actor, at: datetime
    ) -> Disclosures:
        """Record the first read, and whose SSIDs were opened."""
        return cls._create(
            cls.StudentsFirstRead,
            id=disclosures_of(case_id),
            case_id=case_id,
            student_count=student_count,
            student_refs=student_refs,
            actor=actor.as_fact(),
            occurred_at=at,
        )

    def again(self, student_count: int, student_refs: list[str], actor: Actor, at: datetime) -> None:
        """Record another read, and whose SSIDs were opened."""
        self.trigger_event(
            self.StudentsRead,
            case_id=self.case_id,
            student_count=student_count,
            student_refs=student_refs,
            actor=actor.as_fact(),
            occurred_at=at,
        )

    # --- What changes. ---

    @event(StudentsFirstRead)
    def __init__(self, *, case_id: UUID) -> None:
        self.case_id = case_id
        self.reads = 1

    @event(StudentsRead)
    def _apply_students_read(self) -> None:
        self.reads += 1
