"""Routes of cases: begin, look, change, submit, search."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Query, Request, Response

from services.incidents.api.dependencies import IncidentDependencies, dependencies_of
from services.incidents.api.rendering import case_page, case_resource
from services.incidents.api.resources import CasePage, CaseResource, ShownCase
from services.incidents.api.schemas import BreachCallBody, CaseBody, CaseQuery, RevisionBody
from services.incidents.application.commands import (
    DeleteDraft,
    DraftCase,
    RecordBreachCall,
    ReviseCase,
    SubmitCase,
)
from services.incidents.domain.case import Case
from services.incidents.domain.permissions import may_read_ssids, may_search
from shared.http.answers import Answer, created, etag, gone, ok, respond
from shared.http.auth import Caller
from shared.http.idempotency import OnceOnly
from shared.http.preconditions import IfMatch
from shared.kernel.actor import Actor

router = APIRouter(prefix="/v1/incidents", tags=["cases"])


@router.post("", status_code=201, response_model=CaseResource)
async def draft(body: CaseBody, request: Request, once: OnceOnly) -> Response:
    """Begin a case: a draft."""
    deps, ssids = dependencies_of(request), tuple(body.ssids or ())
    await deps.corrections.check(body.corrects, once.caller)
    command = DraftCase(uuid4(), body.report(), ssids, once.caller, deps.clock.now())

    async def render(case: Case) -> Answer:
        shown = case_resource(case, await deps.cases.masks(case, once.caller, ssids))
        return created(shown, location=f"/v1/incidents/{case.id}", version=case.version)

    return await once(render, lambda receipt: deps.cases.draft(command, receipt))


@router.get("", response_model=CasePage)
async def search(asked: Annotated[CaseQuery, Query()], request: Request, caller: Caller) -> Response:
    """Search the cases in the caller's scope; search by SSID by POST, which puts none into an address."""
    return await _found(dependencies_of(request), asked, caller)


@router.post("/search", response_model=CasePage)
async def search_by_body(asked: CaseQuery, request: Request, caller: Caller) -> Response:
    """The same search asked in a body: an SSID in it stands in no address, history or proxy's log."""
    return await _found(dependencies_of(request), asked, caller)


@router.get("/{case_id}", response_model=ShownCase)
async def show(case_id: UUID, request: Request, caller: Caller) -> Response:
    """One case as it is now, and what became of the mails about it."""
    deps = dependencies_of(request)
    case = await deps.cases.get(case_id, caller)
    masks = await deps.cases.masks(case, caller)
    shown = case_resource(case, masks, await deps.discussions.additional_action(case))
    return respond(ok({**shown, "notifications": await deps.case_mail.of(case.id)}, version=case.version))


@router.patch("/{case_id}", response_model=CaseResource)
async def revise(
    case_id: UUID, body: RevisionBody, request: Request, caller: Caller, expected: IfMatch
) -> Response:
    """Change a draft."""
    deps = dependencies_of(request)
    await deps.corrections.check(body.corrects, caller)
    ssids = None if body.ssids is None else tuple(body.ssids)
    command = ReviseCase(case_id, body.changes(), ssids, caller, deps.clock.now(), expected)
    return await _answered(deps, await deps.cases.revise(command), caller)


@router.delete("/{case_id}", status_code=204)
async def delete(case_id: UUID, request: Request, caller: Caller, expected: IfMatch) -> Response:
    """Throw a draft away."""
    deps = dependencies_of(request)
    await deps.cases.delete_draft(DeleteDraft(case_id, caller, deps.clock.now(), expected))
    return respond(gone())


@router.post("/{case_id}/breach-calls", status_code=201, response_model=CaseResource)
async def record_breach_call(
    case_id: UUID, body: BreachCallBody, request: Request, expected: IfMatch, once: OnceOnly
) -> Response:
    """Put a breach's phone call on record."""
    deps = dependencies_of(request)
    command = RecordBreachCall(case_id, body.call(), once.caller, deps.clock.now(), expected)

    async def render(case: Case) -> Answer:
        masks, action = (
            await deps.cases.masks(case, once.caller),
            await deps.discussions.additional_action(case),
        )
        shown = case_resource(case, masks, action)
        return Answer(201, shown, {"ETag": etag(case.version)})

    return await once(render, lambda receipt: deps.cases.record_breach_call(command, receipt))


@router.post("/{case_id}/submit", response_model=CaseResource)
async def submit(case_id: UUID, request: Request, expected: IfMatch, once: OnceOnly) -> Response:
    """Put a draft on record, under a case number."""
    deps = dependencies_of(request)
    command = SubmitCase(case_id, once.caller, deps.clock.now(), expected)

    async def render(case: Case) -> Answer:
        return ok(case_resource(case, await deps.cases.masks(case, once.caller)), version=case.version)

    return await once(render, lambda receipt: deps.cases.submit(command, receipt))


async def _answered(deps: IncidentDependencies, case: Case, caller: Actor) -> Response:
    return respond(ok(case_resource(case, await deps.cases.masks(case, caller)), version=case.version))


async def _found(deps: IncidentDependencies, asked: CaseQuery, caller: Actor) -> Response:
    may_search(caller)
    criteria = asked.criteria(_student_ref(deps, asked.ssid, caller))
    rows = await deps.search.find(criteria, caller, after=asked.after_instant(), limit=asked.limit + 1)
    return respond(ok(case_page(list(rows), asked.limit)))


def _student_ref(deps: IncidentDependencies, ssid: str | None, caller: Actor) -> str | None:
    if ssid is None:
        return None
    may_read_ssids(caller)
    return deps.vault.ref(ssid)
