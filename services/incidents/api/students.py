"""Routes of a case's students, and of what is on record about it."""

from __future__ import annotations

from fastapi import APIRouter, Request

from services.incidents.api.desk import desk_of
from services.incidents.api.history import FullStudents, History
from services.incidents.api.resources import CaseResource
from services.incidents.api.schemas import CaseId, StudentsBody
from services.incidents.application.commands import ListStudents, ReadStudents
from shared.http.answers import Answer, ok
from shared.http.auth import Caller
from shared.http.preconditions import IfMatch

router = APIRouter(prefix="/v1/incidents/{case_id}", tags=["students and records"])


@router.put("/students")
async def list_students(
    case_id: CaseId, body: StudentsBody, request: Request, caller: Caller, expected: IfMatch
) -> Answer[CaseResource]:
    """Say which students a draft concerns."""
    desk = desk_of(request)
    command = ListStudents(case_id, tuple(body.ssids), caller, desk.clock.now(), expected)
    case = await desk.cases.list_students(command)
    shown = CaseResource.of(case, await desk.cases.masks(case, caller, command.ssids))
    return ok(shown, version=case.version)


@router.get("/students")
async def read_students(case_id: CaseId, request: Request, caller: Caller) -> Answer[FullStudents]:
    """The full SSIDs; every such read is recorded."""
    desk = desk_of(request)
    students = await desk.records.read_students(ReadStudents(case_id, caller, desk.clock.now()))
    return ok(FullStudents.of(students))


@router.get("/history")
async def history(case_id: CaseId, request: Request, caller: Caller) -> Answer[History]:
    """Every fact, oldest first."""
    recorded = await desk_of(request).records.history(case_id, caller)
    return ok(History.of(recorded))
