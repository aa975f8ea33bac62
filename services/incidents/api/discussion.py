"""Routes of notes and of further action on a submitted case."""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Request
from pydantic import Field

from services.incidents.api.conversation import NotePage, NoteResource
from services.incidents.api.dependencies import dependencies_of
from services.incidents.api.kept import answer_to_keep, case_again
from services.incidents.api.resources import CaseResource
from services.incidents.api.schemas import CaseId, FreeText
from services.incidents.application.commands import AddNote, DemandAction
from services.incidents.application.discussions import Discussed
from shared.http.answers import Answer, ok
from shared.http.auth import Caller
from shared.http.idempotency import KeptAnswer, OnceOnly
from shared.http.preconditions import IfMatch
from shared.http.requests import Flag, RequestModel
from shared.http.shares import mailing

router = APIRouter(prefix="/v1/incidents/{case_id}", tags=["notes and further action"])


class NoteBody(RequestModel):
    """A note on a case."""

    text: Annotated[FreeText, Field(description="What it says: free text without SSIDs.")]


class ActionBody(RequestModel):
    """What CalTAC or the CDE ask the coordinators for."""

    text: Annotated[FreeText, Field(description="What is asked for: free text without SSIDs.")]
    required: Annotated[Flag, Field(description="false: what was asked for is settled.")] = True


@router.post("/notes", status_code=201, dependencies=[mailing()])
async def add_note(
    case_id: CaseId, body: NoteBody, request: Request, expected: IfMatch, once: OnceOnly
) -> Answer[NoteResource]:
    """Add a note to a submitted case; nothing in it is edited any more."""
    deps = dependencies_of(request)
    command = AddNote(case_id, uuid4(), body.text, once.caller, deps.clock.now(), expected)

    async def render(said: Discussed) -> Answer[NoteResource]:
        return Answer(201, NoteResource.of(said.discussion.notes[-1]))

    async def again(kept: KeptAnswer) -> Answer[NoteResource]:
        await deps.cases.get(case_id, once.caller)
        return kept.answer()

    return await once(render, lambda receipt: deps.discussions.add_note(command, receipt), again)


@router.get("/notes")
async def notes(case_id: CaseId, request: Request, caller: Caller) -> Answer[NotePage]:
    """The notes of a case, oldest first."""
    found = await dependencies_of(request).discussions.notes(case_id, caller)
    return ok(NotePage.of(found))


@router.post("/additional-action", dependencies=[mailing()])
async def demand_action(
    case_id: CaseId, body: ActionBody, request: Request, expected: IfMatch, once: OnceOnly
) -> Answer[CaseResource]:
    """Ask the coordinators for further action; CalTAC and the CDE only."""
    deps, text = dependencies_of(request), body.text if body.required else None
    command = DemandAction(case_id, text, once.caller, deps.clock.now(), expected)

    async def render(said: Discussed) -> Answer[CaseResource]:
        action = said.discussion.additional_action
        masks = await deps.cases.masks(said.case, once.caller)
        return answer_to_keep(said.case, masks, action, lambda shown: ok(shown, version=said.case.version))

    async def again(kept: KeptAnswer) -> Answer[CaseResource]:
        return await case_again(kept, deps, once.caller)

    return await once(render, lambda receipt: deps.discussions.demand_action(command, receipt), again)
