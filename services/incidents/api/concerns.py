"""Routes of concerns and of the filing protocol."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from services.incidents.api.conversation import ConcernPage, ConcernResource, FilingProtocolResource
from services.incidents.api.dependencies import dependencies_of
from services.incidents.api.rendering import concern_page, concern_resource, filing_protocol_resource
from services.incidents.api.schemas import School
from services.incidents.application.commands import ChooseFilingProtocol, RecordConcern
from services.incidents.domain.concern import Concern, Observation
from services.incidents.domain.filing_protocol import FilingChoice, FilingProtocol
from services.incidents.domain.permissions import may_read_concerns
from services.incidents.domain.values import Severity
from shared.http.answers import Answer, created, ok, respond
from shared.http.auth import Caller
from shared.http.idempotency import OnceOnly
from shared.http.instants import Instant
from shared.http.paging import Paging
from shared.http.preconditions import IfMatch
from shared.http.requests import Line, RequestModel

router = APIRouter(prefix="/v1", tags=["concerns and filing protocol"])

LeaCode = Annotated[str, Path(pattern=r"^[0-9]{7}$")]


class ConcernBody(RequestModel):
    """What was seen, in free text without SSIDs or names of students."""

    text: Annotated[Line, Field(max_length=10_000)]
    school: Annotated[School | None, Field(description="the caller's own, where there is one")] = None
    severity_guess: Severity | None = None
    observed_at: Instant | None = None


class FilingProtocolBody(RequestModel):
    """Whether sites may file."""

    filing_protocol: FilingChoice


@router.post("/concerns", status_code=201, response_model=ConcernResource)
async def record(body: ConcernBody, request: Request, once: OnceOnly) -> Response:
    """Tell the coordinators something; whoever gives tests does it this way (E50)."""
    deps = dependencies_of(request)
    school = body.school or once.caller.school or ""
    seen = Observation(school, body.text, body.severity_guess, body.observed_at)
    command = RecordConcern(uuid4(), seen, once.caller, deps.clock.now())

    async def render(concern: Concern) -> Answer:
        location = f"/v1/concerns/{concern.id}"
        return created(concern_resource(concern), location=location, version=concern.version)

    return await once(render, lambda receipt: deps.concerns.record(command, receipt))


@router.get("/concerns", response_model=ConcernPage)
async def listed(asked: Annotated[Paging, Query()], request: Request, caller: Caller) -> Response:
    """The concerns in the caller's scope, newest first; for coordinators."""
    may_read_concerns(caller)
    rows = await dependencies_of(request).concern_list.find(
        caller, after=asked.after_instant(), limit=asked.limit + 1
    )
    return respond(ok(concern_page(list(rows), asked.limit)))


@router.get("/concerns/{concern_id}", response_model=ConcernResource)
async def show(concern_id: UUID, request: Request, caller: Caller) -> Response:
    """One concern."""
    concern = await dependencies_of(request).concerns.get(concern_id, caller)
    return respond(ok(concern_resource(concern), version=concern.version))


@router.put("/filing-protocol/{lea}", response_model=FilingProtocolResource)
async def choose(
    lea: LeaCode, body: FilingProtocolBody, request: Request, expected: IfMatch, once: OnceOnly
) -> Response:
    """Choose who files in an LEA; for its coordinators."""
    deps = dependencies_of(request)
    command = ChooseFilingProtocol(lea, body.filing_protocol, once.caller, deps.clock.now(), expected)

    async def render(chosen: FilingProtocol) -> Answer:
        return ok(filing_protocol_resource(lea, chosen), version=chosen.version)

    return await once(render, lambda receipt: deps.filing_protocols.choose(command, receipt))


@router.get("/filing-protocol/{lea}", response_model=FilingProtocolResource)
async def chosen(lea: LeaCode, request: Request, caller: Caller) -> Response:
    """Who files in an LEA; ``site_allowed`` until it chooses."""
    found = await dependencies_of(request).filing_protocols.find(lea, caller)
    return respond(ok(filing_protocol_resource(lea, found), version=found.version if found else 0))
