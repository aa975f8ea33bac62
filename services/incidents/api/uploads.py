"""``POST /v1/incidents/{id}/students/upload``: students by file."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request

from services.incidents.api.dependencies import dependencies_of
from services.incidents.api.kept import answer_to_keep, case_again
from services.incidents.api.resources import CaseResource
from services.incidents.api.schemas import CaseId
from services.incidents.application.commands import UploadStudents
from services.incidents.domain.case import Case
from shared.http.answers import Answer, ok
from shared.http.forms import file_form, the_file
from shared.http.idempotency import KeptAnswer, OnceOnly
from shared.http.preconditions import IfMatch
from shared.http.shares import out_of_turn

router = APIRouter(prefix="/v1/incidents/{case_id}", tags=["students and records"])


@router.post(
    "/students/upload",
    dependencies=[Depends(out_of_turn)],
    openapi_extra=file_form("A `.csv` or `.xlsx` file: one column of 11 to 500 SSIDs as text."),
)
async def upload(
    case_id: CaseId, request: Request, expected: IfMatch, once: OnceOnly
) -> Answer[CaseResource]:
    """List the students that a file names; a file with anything but SSIDs in it is refused whole.

    The form is no parameter: the framework would take it apart before it asks who sends it.
    """
    deps, content = dependencies_of(request), await the_file(request)
    command = UploadStudents(case_id, content, once.caller, deps.clock.now(), expected)

    async def render(case: Case) -> Answer[CaseResource]:
        masks = await deps.cases.masks(case, once.caller)
        return answer_to_keep(case, masks, None, lambda shown: ok(shown, version=case.version))

    async def again(kept: KeptAnswer) -> Answer[CaseResource]:
        return await case_again(kept, deps, once.caller)

    return await once(render, lambda receipt: deps.uploads.list_students(command, receipt), again)
