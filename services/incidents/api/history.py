"""What is on record about a case, as it is answered (contract §3): its history, and the full SSIDs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from services.incidents.api.resources import StudentRefOfCase
from services.incidents.application.ports import RecordedFact
from services.incidents.application.records import DisclosedStudent
from services.incidents.domain.case import Case
from services.incidents.domain.disclosures import Disclosures
from shared.http.resources import Cursor, Resource
from shared.kernel.actor import Actor, Role

_TOLD = ("case_number", "call", "called", "called_at", "late", "report_due_at", "student_count")
_OF_APPEAL = ("appeal_id", "appeal_number", "appeal_type", "status")


class FullStudent(Resource):
    """A student with the SSID."""

    student_ref: StudentRefOfCase
    ssid: Annotated[str | None, Field(description="The SSID; null once the student's key is destroyed.")]


class FullStudents(Resource):
    """The students of a case with their SSIDs."""

    ssids: Annotated[list[str], Field(description="All SSIDs that can still be read, in the case's order.")]
    students: Annotated[list[FullStudent], Field(description="The students, in the same order.")]

    @classmethod
    def of(cls, students: Sequence[DisclosedStudent]) -> FullStudents:
        """The students as they were disclosed."""
        return cls.model_construct(
            ssids=[student.ssid for student in students if student.ssid],
            students=[
                FullStudent.model_construct(student_ref=student.student_ref, ssid=student.ssid)
                for student in students
            ],
        )


class Who(Resource):
    """Who caused a fact."""

    sub: Annotated[str, Field(description="The `sub` of the person's token.")]
    name: Annotated[str, Field(description="The person's name, from the token.")]
    role: Annotated[Role, Field(description="The role in which the person acted.")]


class HistoryItem(Resource):
    """One thing that happened: what, who, when in the world, and when it was recorded."""

    what: Annotated[str, Field(description="What happened, such as `drafted` or `students_read`.")]
    who: Annotated[Who, Field(description="Who caused it.")]
    occurred_at: Annotated[datetime, Field(description="When it happened.")]
    recorded_at: Annotated[datetime, Field(description="When it was recorded.")]
    version: Annotated[
        int | None,
        Field(description="The version of the case after it; null where it changed nothing of it."),
    ]
    data: Annotated[
        dict[str, object],
        Field(description="What is told of it, without SSIDs and free text; the fields depend on `what`."),
    ]

    @classmethod
    def of(cls, recorded: RecordedFact, *, of_draft: bool) -> HistoryItem:
        """A fact about a case, without SSIDs and free text; without references while it is a draft."""
        fact: Any = recorded.fact
        read = isinstance(fact, Disclosures.Event)
        who = Actor.from_fact(fact.actor)
        return cls.model_construct(
            what="students_read" if read else type(fact).TOPIC.rpartition(".")[2],
            who=Who.model_construct(sub=who.sub, name=who.name, role=who.role),
            occurred_at=fact.occurred_at,
            recorded_at=fact.timestamp,
            version=fact.originator_version if isinstance(fact, Case.Event) else None,
            data={**dict(_told(vars(fact))), **({} if of_draft else dict(_refs(vars(fact))))},
        )


class History(Resource):
    """Every fact about a case."""

    items: Annotated[list[HistoryItem], Field(description="The facts, oldest first.")]
    next_cursor: Cursor

    @classmethod
    def of(cls, recorded: Sequence[RecordedFact]) -> History:
        """The facts as they were recorded; all of them are one page."""
        of_draft = not any(isinstance(one.fact, Case.Submitted) for one in recorded)
        items = [HistoryItem.of(one, of_draft=of_draft) for one in recorded]
        return cls.model_construct(items=items, next_cursor=None)


def _told(fact: Mapping[str, Any]) -> Iterable[tuple[str, object]]:
    for name in _TOLD:
        if name in fact:
            yield name, fact[name]
    if "assessment" in fact:
        yield "severity", fact["assessment"]["severity"]
        yield "rulebook_version", fact["assessment"]["rulebook_version"]
    if "appeal" in fact:
        yield "appeal", {name: fact["appeal"][name] for name in _OF_APPEAL}


def _refs(fact: Mapping[str, Any]) -> Iterable[tuple[str, object]]:
    if "students" in fact:
        yield "student_refs", [student["student_ref"] for student in fact["students"]]
    if "student_refs" in fact:
        yield "student_refs", fact["student_refs"]
