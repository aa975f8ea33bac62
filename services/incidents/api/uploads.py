"""``POST /v1/incidents/{id}/students/upload``: students by file."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile

from services.incidents.api.dependencies import dependencies_of
from services.incidents.api.kept import answer_to_keep, case_again
from services.incidents.api.resources import CaseResource
from services.incidents.api.schemas import CaseId
from services.incidents.application.commands import UploadStudents
from services.incidents.domain.case import Case
from shared.http.answers import Answer, ok
from shared.http.idempotency import KeptAnswer, OnceOnly
from shared.http.preconditions import IfMatch
from shared.http.validation import ValidationFailed
from shared.kernel.errors import Issue

router = APIRouter(prefix="/v1/incidents/{case_id}", tags=["students and records"])

OneFile = Annotated[
    UploadFile,
    File(
        description="A `.csv` or `.xlsx` file: one column of 11 to 500 SSIDs as text.",
        json_schema_extra={"format": "binary"},  # generators know no contentMediaType, and would send text
    ),
]


@router.post("/students/upload")
async def upload(
    case_id: CaseId, file: OneFile, request: Request, expected: IfMatch, once: OnceOnly
) -> Answer[CaseResource]:
    """List the students that a file names; a file with anything but SSIDs in it is refused whole."""
    await _require_the_file_alone(request)
    deps, content = dependencies_of(request), await file.read()
    command = UploadStudents(case_id, file.filename or "", content, once.caller, deps.clock.now(), expected)

    async def render(case: Case) -> Answer[CaseResource]:
        masks = await deps.cases.masks(case, once.caller)
        return answer_to_keep(case, masks, None, lambda shown: ok(shown, version=case.version))

    async def again(kept: KeptAnswer) -> Answer[CaseResource]:
        return await case_again(kept, deps, once.caller)

    return await once(render, lambda receipt: deps.uploads.list_students(command, receipt), again)


async def _require_the_file_alone(request: Request) -> None:
    """A form is a body too: what is not known here is refused (contract §2), and so is a second file."""
    form = await request.form()
    if [name for name, _ in form.multi_items()] != ["file"]:
        issue = Issue(
            "", "unknown_property", "The form holds one file, under the name file, and nothing else."
        )
        raise ValidationFailed("What was sent is not of the expected form; see errors.", issues=[issue])
