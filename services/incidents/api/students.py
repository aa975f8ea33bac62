"""Routes of a case's students, and of what is on record about it."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

from fastapi import APIRouter, Request, Response

from services.incidents.api.dependencies import dependencies_of
from services.incidents.api.rendering import case_resource, history_item
from services.incidents.api.resources import CaseResource, FullStudents, History
from services.incidents.api.schemas import StudentsBody
from services.incidents.application.commands import ListStudents, ReadStudents
from shared.http.answers import ok, respond
from shared.http.auth import Caller
from shared.http.preconditions import IfMatch

router = APIRouter(prefix="/v1/incidents/{case_id}", tags=["students and records"])


@router.put("/students", response_model=CaseResource)
async def list_students(
    case_id: UUID, body: StudentsBody, request: Request, caller: Caller, expected: IfMatch
) -> Response:
    """Say which students a draft concerns."""
    deps = dependencies_of(request)
    command = ListStudents(case_id, tuple(body.ssids), caller, deps.clock.now(), expected)
    case = await deps.cases.list_students(command)
    shown = case_resource(case, await deps.cases.masks(case, caller, command.ssids))
    return respond(ok(shown, version=case.version))


@router.get("/students", response_model=FullStudents)
async def read_students(case_id: UUID, request: Request, caller: Caller) -> Response:
    """The full SSIDs; every such read is recorded."""
    deps = dependencies_of(request)
    students = await deps.records.read_students(ReadStudents(case_id, caller, deps.clock.now()))
    return respond(
        ok(
            {
                "ssids": [student.ssid for student in students if student.ssid],
                "students": [asdict(student) for student in students],
            }
        )
    )


@router.get("/history", response_model=History)
async def history(case_id: UUID, request: Request, caller: Caller) -> Response:
    """Every fact, oldest first."""
    recorded = await dependencies_of(request).records.history(case_id, caller)
    return respond(ok({"items": [history_item(one) for one in recorded], "next_cursor": None}))
