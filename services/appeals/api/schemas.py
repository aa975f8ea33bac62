"""What may be sent to this service (contract §4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from pydantic import Field, StringConstraints

from services.appeals.application.commands import (
    AskOffers,
    DecideMany,
    Deed,
    RequestAppeals,
    StudentAsked,
)
from services.appeals.domain.values import (
    Act,
    AppealStatus,
    AppealType,
    Decider,
    DeclaredEvent,
    EventState,
    Part,
)
from services.appeals.read_model.queries import AppealCriteria, AppealOrder, LastSeen
from shared.http.paging import BadCursor, Paging
from shared.http.requests import Count, RequestModel, Text
from shared.kernel.actor import Actor

MOST_STUDENTS = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

CaseNumber = Annotated[str, StringConstraints(min_length=1, max_length=64)]
StudentRef = Annotated[str, StringConstraints(pattern=r"^stu_[a-z2-7]{10,60}$")]  # no SSID fits
Words = Annotated[Text, Field(max_length=4000)]


class EventModel(RequestModel):
    """The declared state of a student's attempt (A-31)."""

    event_state: EventState
    minutes_paused: Count | None = None
    part: Part | None = None

    def declared(self) -> DeclaredEvent:
        """The same in the words of the domain."""
        return DeclaredEvent(self.event_state, self.minutes_paused, self.part)


class OffersQuery(RequestModel):
    """Whose offers, in which state; what is left out is left to the decider."""

    case_number: CaseNumber
    student_ref: StudentRef | None = None
    event_state: EventState | None = None
    minutes_paused: Annotated[int, Field(ge=0, le=2**31 - 1)] | None = None
    part: Part | None = None

    def to_question(self, actor: Actor, at: datetime) -> AskOffers:
        """The question to the application."""
        event = DeclaredEvent(self.event_state, self.minutes_paused, self.part)
        return AskOffers(actor, at, self.case_number, self.student_ref, event)


class StudentBody(EventModel):
    """One student of a request."""

    student_ref: StudentRef


class RequestBody(RequestModel):
    """``POST /v1/appeals``: one appeal per student, all or none."""

    case_number: CaseNumber
    appeal_type: AppealType
    comments: Words | None = None
    students: Annotated[list[StudentBody], Field(min_length=1, max_length=MOST_STUDENTS)]

    def to_command(self, actor: Actor, at: datetime) -> RequestAppeals:
        """The command, with the ids that the appeals will have."""
        students = tuple(StudentAsked(uuid4(), s.student_ref, s.declared()) for s in self.students)
        return RequestAppeals(actor, at, self.case_number, self.appeal_type, students, self.comments)


class ActBody(RequestModel):
    """What is said with a deed."""

    reason: Words | None = None
    comments: Words | None = None

    def to_act(self, actor: Actor, at: datetime) -> Act:
        """Who, when, and with what words."""
        return Act(actor, at, self.reason, self.comments)


class DecisionsBody(RequestModel):
    """``POST /v1/appeals/decisions``: one decision on up to 500 appeals."""

    decision: Literal["approve", "deny"]
    reason: Words | None = None
    comments: Words | None = None
    appeals: Annotated[list[UUID], Field(min_length=1, max_length=MOST_STUDENTS)]

    def to_command(self, actor: Actor, at: datetime) -> DecideMany:
        """The command; an appeal that is named twice is decided once."""
        act = Act(actor, at, self.reason, self.comments)
        return DecideMany(Deed(self.decision), tuple(dict.fromkeys(self.appeals)), act)


class SearchQuery(Paging):
    """``GET /v1/appeals``."""

    status: AppealStatus | None = None
    appeal_type: AppealType | None = None
    case_number: CaseNumber | None = None
    decider: Decider | None = None
    overdue: bool | None = None
    order: AppealOrder = AppealOrder.NEWEST

    def filters(self) -> AppealCriteria:
        """What is asked for."""
        return AppealCriteria(self.status, self.appeal_type, self.case_number, self.decider, self.overdue)

    def last_seen(self) -> LastSeen | None:
        """Where the page begins.

        :raises BadCursor: not a cursor of this list in this order.
        """
        key = self.after("sis")
        if key is None:
            return None
        order, microseconds, appeal_id = key
        if order != self.order:
            raise BadCursor("Use next_cursor with the order that it was answered for.")
        try:
            return LastSeen(EPOCH + timedelta(microseconds=int(microseconds)), UUID(str(appeal_id)))
        except (ValueError, OverflowError):
            raise BadCursor("Use next_cursor as it was answered.") from None

    def key_of(self, row: Mapping[str, Any]) -> tuple[str, int, str]:
        """The place of a row in this order."""
        at: datetime = row["due"] if self.order is AppealOrder.DUE else row["received_at"]
        return self.order.value, (at - EPOCH) // timedelta(microseconds=1), str(row["id"])
