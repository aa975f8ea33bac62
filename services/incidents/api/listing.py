"""The list of cases as it is answered (contract §3)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from services.incidents.api import resources as case
from services.incidents.api.judged import Late, ReportDue
from services.incidents.api.schemas import CaseStatus
from services.incidents.domain.values import AppealType, PreAction, RecommendedAction, Severity
from shared.http.paging import Cursors
from shared.http.resources import Cursor, Resource
from shared.kernel.yielding import piecewise

# of a row; not answered as they stand there
_OWN = frozenset({"student_refs", "appeals", "submitted_by", "drafted_by"})


class ListedStudent(Resource):
    """A student in the list: without any SSID."""

    student_ref: case.StudentRefOfCase


class ListedAppeal(Resource):
    """What the case knows of an appeal."""

    appeal_id: Annotated[UUID, Field(description="The appeal's id in the appeals service.")]
    appeal_number: Annotated[str, Field(description="The appeal's number, for people.")]
    appeal_type: Annotated[AppealType, Field(description="What is asked for.")]
    student_ref: case.StudentRef
    status: Annotated[str, Field(description="Where the appeal stands, such as `pending_cde`.")]
    decider: Annotated[str, Field(description="Who decides it: `cde` or `caltac`.")]


class CaseSummary(Resource):
    """A case in the list; the narrative and the details are on the case itself."""

    id: Annotated[UUID, Field(description="The case's id.")]
    version: case.Version
    status: Annotated[CaseStatus, Field(description="Where the case stands.")]
    sub_status: case.Waiting
    case_number: case.Number
    administration_year: case.Year
    corrects: case.Corrects
    incident_type: case.IncidentTypeCode
    incident_title: Annotated[str, Field(description="The incident type in words.")]
    severity: Annotated[Severity, Field(description="The severity; the filer does not choose it.")]
    recommended_action: Annotated[RecommendedAction, Field(description="What to do next.")]
    pre_action: Annotated[
        PreAction | None, Field(description="The phone call that has to come first; null where none has.")
    ]
    appeal_types: Annotated[list[AppealType], Field(description="The appeals that the case can lead to.")]
    cde_copy: Annotated[bool, Field(description="Whether the CDE gets a copy of the case.")]
    lea: case.Lea
    school: case.School
    grade: case.Grade
    test: case.TestName
    delivery_mode: case.Delivery
    student_count: case.Count
    occurred_at: case.OccurredAt
    discovered_at: case.DiscoveredAt
    report_due_at: ReportDue
    late: Late
    drafted_at: Annotated[datetime, Field(description="When the draft was begun.")]
    submitted_at: case.SubmittedAt
    submitted_by: Annotated[
        case.PersonResource | None, Field(description="Who submitted it; null on a draft.")
    ]
    students: Annotated[list[ListedStudent], Field(description="The students whom it concerns.")]
    appeals: Annotated[list[ListedAppeal], Field(description="The appeals that were asked for.")]

    @classmethod
    def of_row(cls, row: Mapping[str, Any]) -> CaseSummary:
        """A case as the list has it."""
        by = row["submitted_by"]
        return cls.model_construct(
            **{name: value for name, value in row.items() if name not in _OWN},
            submitted_by=case.PersonResource.of_row(by) if by else None,
            students=[
                ListedStudent.model_construct(student_ref=None if row["status"] == "draft" else ref)
                for ref in row["student_refs"]
            ],
            appeals=[ListedAppeal.model_construct(**appeal) for appeal in row["appeals"].values()],
        )


class CasePage(Resource):
    """A page of the list, newest draft first."""

    items: Annotated[list[CaseSummary], Field(description="The cases of this page.")]
    next_cursor: Cursor

    @classmethod
    async def of(cls, rows: Sequence[Mapping[str, Any]], limit: int, cursors: Cursors) -> CasePage:
        """A page of up to ``limit`` rows."""
        found, following = cursors.page(
            rows, limit, lambda row: (row["drafted_at"].isoformat(), str(row["id"]))
        )
        items = [CaseSummary.of_row(row) async for row in piecewise(found)]
        return cls.model_construct(items=items, next_cursor=following)
