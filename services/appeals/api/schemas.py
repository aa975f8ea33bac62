"""What may be sent to this service (contract §4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from pydantic import Field
from typing_extensions import TypeAliasType

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
from shared.http.paging import BadCursor, Cursors, Paging
from shared.http.requests import Count, RequestModel, Text
from shared.kernel.actor import Actor

MOST_STUDENTS = 500
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

CaseNumber = Annotated[str, Field(min_length=1, max_length=64, description="The number of a submitted case.")]
StudentRef = Annotated[  # no SSID fits its pattern
    str,
    Field(
        pattern=r"^stu_[a-z2-7]{10,60}$",
        description="A student of the case, by the reference that the case shows; never an SSID.",
    ),
]
Words = Annotated[Text, Field(max_length=4000)]
Reason = Annotated[Words | None, Field(description="Why; needed to deny an appeal and to report a failure.")]
Comments = Annotated[Words | None, Field(description="What is said with it: free text without SSIDs.")]
Declared = Annotated[
    EventState | None, Field(description="The state of the student's attempt, if it is known.")
]
HitPart = Annotated[Part | None, Field(description="The part of the test that was hit, if it is known.")]
PAUSED = "For how many whole minutes the test was paused, if it is known."


class EventModel(RequestModel):
    """The declared state of a student's attempt."""

    event_state: Annotated[EventState, Field(description="The state of the student's attempt.")]
    minutes_paused: Annotated[Count | None, Field(description=PAUSED)] = None
    part: HitPart = None

    def declared(self) -> DeclaredEvent:
        """The same in the words of the domain."""
        return DeclaredEvent(self.event_state, self.minutes_paused, self.part)


class OffersQuery(RequestModel):
    """Whose offers, in which state; what is left out is left to the decider."""

    case_number: CaseNumber
    student_ref: Annotated[
        StudentRef | None, Field(description="A student of the case, by the reference that the case shows.")
    ] = None
    event_state: Declared = None
    minutes_paused: Annotated[Annotated[int, Field(ge=0, le=2**31 - 1)] | None, Field(description=PAUSED)] = (
        None
    )
    part: HitPart = None

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
    appeal_type: Annotated[AppealType, Field(description="What is asked for, the same for all students.")]
    comments: Comments = None
    students: Annotated[
        list[StudentBody],
        Field(
            min_length=1,
            max_length=MOST_STUDENTS,
            description="The students; one appeal is opened for each, or none at all.",
        ),
    ]

    def to_command(self, actor: Actor, at: datetime) -> RequestAppeals:
        """The command, with the ids that the appeals will have."""
        students = tuple(StudentAsked(uuid4(), s.student_ref, s.declared()) for s in self.students)
        return RequestAppeals(actor, at, self.case_number, self.appeal_type, students, self.comments)


class ActBody(RequestModel):
    """What is said with a deed."""

    reason: Reason = None
    comments: Comments = None

    def to_act(self, actor: Actor, at: datetime) -> Act:
        """Who, when, and with what words."""
        return Act(actor, at, self.reason, self.comments)


DecisionWord = TypeAliasType(
    "DecisionWord",
    Annotated[Literal["approve", "deny"], Field(description="What is decided.")],
)


class DecisionsBody(RequestModel):
    """``POST /v1/appeals/decisions``: one decision on up to 500 appeals."""

    decision: Annotated[DecisionWord, Field(description="What is decided on every appeal.")]
    reason: Reason = None
    comments: Comments = None
    appeals: Annotated[
        list[UUID],
        Field(
            min_length=1,
            max_length=MOST_STUDENTS,
            description="The ids of the appeals; one that is named twice is decided once.",
        ),
    ]

    def to_command(self, actor: Actor, at: datetime) -> DecideMany:
        """The command; an appeal that is named twice is decided once."""
        act = Act(actor, at, self.reason, self.comments)
        return DecideMany(Deed(self.decision), tuple(dict.fromkeys(self.appeals)), act)


class SearchQuery(Paging):
    """``GET /v1/appeals``."""

    status: Annotated[AppealStatus | None, Field(description="Only appeals in this status.")] = None
    appeal_type: Annotated[AppealType | None, Field(description="Only appeals of this type.")] = None
    case_number: Annotated[CaseNumber | None, Field(description="Only appeals of this case.")] = None
    decider: Annotated[
        Decider | None, Field(description="Only appeals that this deps decides or decided.")
    ] = None
    overdue: Annotated[
        bool | None,
        Field(description="true: only those whose decision is late; false: only those whose is not."),
    ] = None
    order: Annotated[
        AppealOrder,
        Field(description="newest: the newest request first; due: the one whose decision is due first."),
    ] = AppealOrder.NEWEST

    def filters(self) -> AppealCriteria:
        """What is asked for."""
        return AppealCriteria(self.status, self.appeal_type, self.case_number, self.decider, self.overdue)

    def last_seen(self, cursors: Cursors) -> LastSeen | None:
        """Where the page begins.

        :raises BadCursor: not a cursor of this list in this order.
        """
        key = cursors.after(self, "sis")
        if key is None:
            return None
        order, microseconds, appeal_id = key
        if order != self.order:
            raise BadCursor("Use next_cursor with the order that it was answered for.")
        try:
            return LastSeen(EPOCH + timedelta(microseconds=int(microseconds)), UUID(str(appeal_id)))
        except (ValueError, OverflowError):
            raise BadCursor from None

    def key_of(self, row: Mapping[str, Any]) -> tuple[str, int, str]:
        """The place of a row in this order."""
        at: datetime = row["due"] if self.order is AppealOrder.DUE else row["received_at"]
        return self.order.value, (at - EPOCH) // timedelta(microseconds=1), str(row["id"])
