"""What was asked about one student's test in one year, across cases: the boundary of HR-22 and of duplicates.

Every act on an appeal is saved together with its record, in one transaction; of two requests that race, one
finds the record moved and is judged again (ADR 0012).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.domain import Aggregate, event

from services.appeals.domain.errors import AlreadyInvalidated, AppealTypeNotOffered, DuplicateAppeal
from services.appeals.domain.identity import Identity
from services.appeals.domain.values import Act, AppealStatus, AppealType
from shared.kernel.judged import JudgedOn

RECORDS = uuid5(NAMESPACE_URL, "urn:stairs:appeals:student-test-record")
GONE = frozenset({AppealStatus.DENIED, AppealStatus.WITHDRAWN})  # as if never asked (HR-26)


@dataclass(frozen=True)
class AppealOnRecord:
    """One appeal on the record."""

    appeal_type: AppealType
    case_number: str
    status: AppealStatus

    @property
    def is_open(self) -> bool:
        """Whether something is still to happen to it."""
        return self.status not in GONE and self.status is not AppealStatus.PROCESSED


@dataclass(frozen=True)
class Room(JudgedOn):
    """That a record leaves room for an appeal of this type under this case; ``room_for`` hands it out."""

    appeal_type: AppealType
    case_number: str


class StudentTestRecord(Aggregate):
    """The appeals of one student, one test, one administration year."""

    TOPIC = "appeals.student_test_record"

    # --- What can have happened: stored for ever; change only by upcasting. ---

    class Event(Aggregate.Event):
        """Every fact says who caused it and when it happened in the world."""

        actor: dict[str, str | None]
        occurred_at: datetime

    class Created(Aggregate.Created, Event):
        """Required by the library; never triggered. ``Opened`` opens a stream."""

        TOPIC = "appeals.student_test_record.created"

    class Opened(Created):
        """The first appeal of this student's test in this year is being requested."""

        TOPIC = "appeals.student_test_record.opened"
        student_ref: str
        test: str
        administration_year: str

    class AppealOpened(Event):
        """An appeal was requested."""

        TOPIC = "appeals.student_test_record.appeal_opened"
        appeal_id: UUID
        appeal_type: str
        case_number: str
        status: str

    class AppealMoved(Event):
        """An appeal was decided, withdrawn, executed, or not; ``status`` is what it is now."""

        TOPIC = "appeals.student_test_record.appeal_moved"
        appeal_id: UUID
        status: str

    # --- What may be asked: every rule lives here, and runs once. ---

    @staticmethod
    def id_of(student_ref: str, test: str, administration_year: str) -> UUID:
        """The one id of this record: whoever asks about the same test meets here."""
        return uuid5(RECORDS, f"{student_ref}|{test}|{administration_year}")

    @classmethod
    def open(cls, about: Identity, act: Act) -> StudentTestRecord:
        """Start the record of a test that nobody appealed before."""
        return cls._create(
            cls.Opened,
            id=cls.id_of(about.student_ref, about.test, about.administration_year),
            student_ref=about.student_ref,
            test=about.test,
            administration_year=about.administration_year,
            actor=act.actor.as_fact(),
            occurred_at=act.at,
        )

    def admit(self, about: Identity, room: Room, act: Act) -> None:
        """Let a new appeal onto the record.

        :param room: what ``room_for`` handed out for this type and case.
        :raises ValueError: the room is another's, or of an older version of the record.
        """
        if (room.on(self).appeal_type, room.case_number) != (about.appeal_type, about.case_number):
            raise ValueError(f"this room is for {room.appeal_type} under {room.case_number}")
        self.trigger_event(
            self.AppealOpened,
            appeal_id=about.appeal_id,
            appeal_type=about.appeal_type.value,
            case_number=about.case_number,
            status=AppealStatus.pending_for(about.decider).value,
            actor=act.actor.as_fact(),
            occurred_at=act.at,
        )

    def room_for(self, appeal_type: AppealType, case_number: str) -> Room:
        """What ``admit`` takes, provided that the record leaves room for such an appeal.

        :raises DuplicateAppeal: the same appeal is open, or this case had it executed.
        :raises AlreadyInvalidated: an invalidate appeal exists (HR-22).
        :raises AppealTypeNotOffered: a re-open of this test is undecided; the two exclude each other.
        """
        if appeal_type is AppealType.RE_OPEN and any(self._standing(AppealType.INVALIDATE)):
            raise AlreadyInvalidated("An invalidate appeal exists for this student and test this year.")
        if appeal_type is AppealType.INVALIDATE:
            self._require_free_to_invalidate()
        for entry in self._standing(appeal_type):
            if entry.is_open or entry.case_number == case_number:
                raise DuplicateAppeal("The same appeal exists already for this student and test.")
        return Room(appeal_type, case_number, aggregate_id=self.id, version=self.version, judged=True)

    def note(self, appeal_id: UUID, status: AppealStatus, act: Act) -> None:
        """Keep what became of an appeal on the record."""
        self.trigger_event(
            self.AppealMoved,
            appeal_id=appeal_id,
            status=status.value,
            actor=act.actor.as_fact(),
            occurred_at=act.at,
        )

    def _require_free_to_invalidate(self) -> None:
        if any(not entry.status.is_pending for entry in self._standing(AppealType.INVALIDATE)):
            raise AlreadyInvalidated("The test is invalidated already.")
        if any(entry.status.is_pending for entry in self._standing(AppealType.RE_OPEN)):
            raise AppealTypeNotOffered(
                "A re-open of this test waits for CalTAC; once it is decided, the test can be invalidated."
            )

    def _standing(self, appeal_type: AppealType) -> Iterator[AppealOnRecord]:
        entries = self.entries.values()
        return (e for e in entries if e.appeal_type is appeal_type and e.status not in GONE)

    # --- What changes: no rule, no clock, no choice; runs again on every replay. ---

    @event(Opened)
    def __init__(self, student_ref: str, test: str, administration_year: str) -> None:
        """An empty record."""
        self.student_ref = student_ref
        self.test = test
        self.administration_year = administration_year
        self.entries: dict[UUID, AppealOnRecord] = {}

    @event(AppealOpened)
    def _apply_appeal_opened(self, appeal_id: UUID, appeal_type: str, case_number: str, status: str) -> None:
        self.entries[appeal_id] = AppealOnRecord(AppealType(appeal_type), case_number, AppealStatus(status))

    @event(AppealMoved)
    def _apply_appeal_moved(self, appeal_id: UUID, status: str) -> None:
        self.entries[appeal_id] = replace(self.entries[appeal_id], status=AppealStatus(status))
