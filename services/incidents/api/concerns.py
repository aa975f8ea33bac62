"""Routes of concerns and of the filing protocol."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import Field

from services.incidents.api.conversation import ConcernPage, ConcernResource, FilingProtocolResource
from services.incidents.api.dependencies import dependencies_of
from services.incidents.api.schemas import FreeText, School
from services.incidents.application.commands import ChooseFilingProtocol, RecordConcern
from services.incidents.domain.concern import Concern, Observation
from services.incidents.domain.filing_protocol import FilingChoice, FilingProtocol
from services.incidents.domain.values import Severity
from shared.http.answers import Answer, created, ok
from shared.http.audit import audited
from shared.http.auth import Caller
from shared.http.idempotency import KeptAnswer, OnceOnly, unchanged
from shared.http.instants import Instant
from shared.http.paging import Cursors, Paging, cursors_of
from shared.http.preconditions import IfMatch
from shared.http.requests import RequestModel
from shared.http.shares import mailing

router = APIRouter(prefix="/v1", tags=["concerns and filing protocol"])

LeaCode = Annotated[str, Path(pattern=r"^[0-9]{7}$", description="The LEA by its CDS code of 7 digits.")]
ConcernId = Annotated[UUID, Path(description="The concern's id.")]


class ConcernBody(RequestModel):
    """What was seen, in free text without SSIDs or names of students."""

    text: Annotated[
        FreeText, Field(description="What was seen: free text without SSIDs or names of students.")
    ]
    school: Annotated[
        School | None,
        Field(description="The school by its CDS code of 14 digits; left out: the caller's own."),
    ] = None
    severity_guess: Annotated[Severity | None, Field(description="How severe it seems.")] = None
    observed_at: Annotated[Instant | None, Field(description="When it was seen.")] = None


class FilingProtocolBody(RequestModel):
    """Whether sites may file."""

    filing_protocol: Annotated[
        FilingChoice, Field(description="Whether sites may file, or the LEA files alone.")
    ]


@router.post("/concerns", status_code=201, dependencies=[mailing(urgent=True)])
async def record(body: ConcernBody, request: Request, once: OnceOnly) -> Answer[ConcernResource]:
    """Tell the coordinators something; whoever gives tests does it this way (E50)."""
    deps = dependencies_of(request)
    seen = Observation(body.school or "", body.text, body.severity_guess, body.observed_at)
    command = RecordConcern(uuid4(), seen, once.caller, deps.clock.now())

    async def render(concern: Concern) -> Answer[ConcernResource]:
        location = f"/v1/concerns/{concern.id}"
        return created(ConcernResource.of(concern), location=location, version=concern.version)

    async def again(kept: KeptAnswer) -> Answer[ConcernResource]:
        await deps.concerns.get(UUID(kept.content["id"]), once.caller)
        return kept.answer()

    return await once(render, lambda receipt: deps.concerns.record(command, receipt), again)


@router.get("/concerns")
async def listed(
    asked: Annotated[Paging, Query()],
    request: Request,
    caller: Caller,
    cursors: Annotated[Cursors, Depends(cursors_of("concerns"))],
) -> Answer[ConcernPage]:
    """The concerns in the caller's scope, newest first; to who gives tests, those that they told."""
    rows = await dependencies_of(request).concerns.listed(
        caller, after=cursors.after_instant(asked), limit=asked.limit + 1
    )
    return ok(await ConcernPage.of(rows, asked.limit, cursors))


@router.get("/concerns/{concern_id}")
async def show(concern_id: ConcernId, request: Request, caller: Caller) -> Answer[ConcernResource]:
    """One concern."""
    concern = await dependencies_of(request).concerns.get(concern_id, caller)
    return ok(ConcernResource.of(concern), version=concern.version)


@router.put("/filing-protocol/{lea}", dependencies=[audited("filing_protocol_chosen")])
async def choose(
    lea: LeaCode, body: FilingProtocolBody, request: Request, expected: IfMatch, once: OnceOnly
) -> Answer[FilingProtocolResource]:
    """Choose who files in an LEA; for its coordinators."""
    deps = dependencies_of(request)
    command = ChooseFilingProtocol(lea, body.filing_protocol, once.caller, deps.clock.now(), expected)

    async def render(chosen: FilingProtocol) -> Answer[FilingProtocolResource]:
        return ok(FilingProtocolResource.of(lea, chosen), version=chosen.version)

    # who may choose sees the choice
    return await once(render, lambda receipt: deps.filing_protocols.choose(command, receipt), unchanged)


@router.get("/filing-protocol/{lea}")
async def chosen(lea: LeaCode, request: Request, caller: Caller) -> Answer[FilingProtocolResource]:
    """Who files in an LEA; ``site_allowed`` until it chooses."""
    found = await dependencies_of(request).filing_protocols.find(lea, caller)
    return ok(FilingProtocolResource.of(lea, found), version=found.version if found else 0)
