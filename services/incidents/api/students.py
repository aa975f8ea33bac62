"""Routes of a case's students, and of what is on record about it."""

from __future__ import annotations

from fastapi import APIRouter, Request

from services.incidents.api.dependencies import dependencies_of
from services.incidents.api.history import FullStudents, History
from services.incidents.api.resources import CaseResource
from services.incidents.api.schemas import CaseId, StudentsBody
from services.incidents.application.commands import ListStudents, ReadStudents
from shared.http.answers import Answer, ok
from shared.http.audit import audited
from shared.http.auth import Caller
from shared.http.preconditions import IfMatch

router = APIRouter(prefix="/v1/incidents/{case_id}", tags=["students and records"])


@router.put("/students")
async def list_students(
    case_id: CaseId, body: StudentsBody, request: Request, caller: Caller, expected: IfMatch
) -> Answer[CaseResource]:
    """Say which students a draft concerns."""
    deps = dependencies_of(request)
    command = ListStudents(case_id, tuple(body.ssids), caller, deps.clock.now(), expected)
    case = await deps.cases.list_students(command)
    shown = CaseResource.of(case, await deps.cases.masks(case, caller, command.ssids))
    return ok(shown, version=case.version)


@router.get("/students", dependencies=[audited("ssids_read")])
async def read_students(case_id: CaseId, request: Request, caller: Caller) -> Answer[FullStudents]:
    """The full SSIDs; every such read is recorded."""
    deps = dependencies_of(request)
    students = await deps.records.read_students(ReadStudents(case_id, caller, deps.clock.now()))
    return ok(FullStudents.of(students))


@router.get("/history")
async def history(case_id: CaseId, request: Request, caller: Caller) -> Answer[History]:
    """Every fact, oldest first."""
    recorded = await dependencies_of(request).records.history(case_id, caller)
    return ok(History.of(recorded))
