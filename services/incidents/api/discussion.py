"""Routes of notes and of further action on a submitted case."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Request, Response
from pydantic import Field

from services.incidents.api.conversation import NotePage, NoteResource
from services.incidents.api.dependencies import dependencies_of
from services.incidents.api.rendering import case_resource, note_resource
from services.incidents.api.resources import CaseResource
from services.incidents.application.commands import AddNote, DemandAction
from services.incidents.application.discussions import Discussed
from shared.http.answers import Answer, ok, respond
from shared.http.auth import Caller
from shared.http.idempotency import OnceOnly
from shared.http.preconditions import IfMatch
from shared.http.requests import Flag, Line, RequestModel

router = APIRouter(prefix="/v1/incidents/{case_id}", tags=["notes and further action"])

FreeText = Annotated[Line, Field(max_length=10_000)]


class NoteBody(RequestModel):
    """A note: free text without SSIDs."""

    text: FreeText


class ActionBody(RequestModel):
    """What is asked for; ``required: false`` settles it."""

    text: FreeText
    required: Flag = True


@router.post("/notes", status_code=201, response_model=NoteResource)
async def add_note(
    case_id: UUID, body: NoteBody, request: Request, expected: IfMatch, once: OnceOnly
) -> Response:
    """Add a note to a submitted case; nothing in it is edited any more."""
    deps = dependencies_of(request)
    command = AddNote(case_id, uuid4(), body.text, once.caller, deps.clock.now(), expected)

    async def render(said: Discussed) -> Answer:
        return Answer(201, note_resource(said.discussion.notes[-1]))

    return await once(render, lambda receipt: deps.discussions.add_note(command, receipt))


@router.get("/notes", response_model=NotePage)
async def notes(case_id: UUID, request: Request, caller: Caller) -> Response:
    """The notes of a case, oldest first."""
    found = await dependencies_of(request).discussions.notes(case_id, caller)
    return respond(ok({"items": [note_resource(note) for note in found], "next_cursor": None}))


@router.post("/additional-action", response_model=CaseResource)
async def demand_action(
    case_id: UUID, body: ActionBody, request: Request, expected: IfMatch, once: OnceOnly
) -> Response:
    """Ask the coordinators for further action; CalTAC and the CDE only."""
    deps, text = dependencies_of(request), body.text if body.required else None
    command = DemandAction(case_id, text, once.caller, deps.clock.now(), expected)

    async def render(said: Discussed) -> Answer:
        masks = await deps.cases.masks(said.case, once.caller)
        shown = case_resource(said.case, masks, said.discussion.additional_action)
        return ok(shown, version=said.case.version)

    return await once(render, lambda receipt: deps.discussions.demand_action(command, receipt))
