"""Routes of cases: begin, look, change, submit, search."""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, Query, Request, Response

from services.incidents.api.dependencies import IncidentDependencies, dependencies_of
from services.incidents.api.kept import answer_to_keep, case_again
from services.incidents.api.listing import CasePage
from services.incidents.api.resources import CaseResource, ShownCase
from services.incidents.api.schemas import (
    BreachCallBody,
    CaseBody,
    CaseId,
    CaseQuery,
    CaseQueryInAddress,
    RevisionBody,
)
from services.incidents.application.commands import (
    DeleteDraft,
    DraftCase,
    RecordBreachCall,
    ReviseCase,
    SubmitCase,
)
from services.incidents.domain.case import Case
from shared.http.answers import Answer, created, etag, gone, ok
from shared.http.audit import note_act
from shared.http.auth import Caller
from shared.http.idempotency import KeptAnswer, OnceOnly
from shared.http.paging import Cursors, cursors_of
from shared.http.preconditions import IfMatch
from shared.http.shares import mailing
from shared.kernel.actor import Actor

router = APIRouter(prefix="/v1/incidents", tags=["cases"])

CaseCursors = Annotated[Cursors, Depends(cursors_of("cases"))]


@router.post("/search")
async def search(
    asked: CaseQuery, request: Request, caller: Caller, cursors: CaseCursors
) -> Answer[CasePage]:
    """Search the cases in the caller's scope; an SSID in a body stands in no address, history or log."""
    return await _found(request, asked, caller, cursors)


@router.get("")
async def listed(
    asked: Annotated[CaseQueryInAddress, Query()], request: Request, caller: Caller, cursors: CaseCursors
) -> Answer[CasePage]:
    """The same search, asked in the address."""
    return await _found(request, asked, caller, cursors)


@router.post("", status_code=201, dependencies=[mailing(urgent=True)])
async def draft(body: CaseBody, request: Request, once: OnceOnly) -> Answer[CaseResource]:
    """Begin a case: a draft."""
    deps, ssids = dependencies_of(request), tuple(body.ssids or ())
    command = DraftCase(uuid4(), body.report(), ssids, once.caller, deps.clock.now())

    async def render(case: Case) -> Answer[CaseResource]:
        masks, location = await deps.cases.masks(case, once.caller, ssids), f"/v1/incidents/{case.id}"
        return answer_to_keep(
            case, masks, None, lambda shown: created(shown, location=location, version=case.version)
        )

    async def again(kept: KeptAnswer) -> Answer[CaseResource]:
        return await case_again(kept, deps, once.caller)

    return await once(render, lambda receipt: deps.cases.draft(command, receipt), again)


@router.get("/{case_id}")
async def show(case_id: CaseId, request: Request, caller: Caller) -> Answer[ShownCase]:
    """One case as it is now, and what became of the mails about it."""
    deps = dependencies_of(request)
    case = await deps.cases.get(case_id, caller)
    masks = await deps.cases.masks(case, caller)
    action = await deps.discussions.additional_action(case)
    shown = ShownCase.with_mails(case, masks, action, await deps.case_mail.of(case.id))
    return ok(shown, version=case.version)


@router.patch("/{case_id}", dependencies=[mailing(urgent=True)])
async def revise(
    case_id: CaseId, body: RevisionBody, request: Request, caller: Caller, expected: IfMatch
) -> Answer[CaseResource]:
    """Change a draft."""
    deps = dependencies_of(request)
    ssids = None if body.ssids is None else tuple(body.ssids)
    command = ReviseCase(case_id, body.changes(), ssids, caller, deps.clock.now(), expected)
    return await _answered(deps, await deps.cases.revise(command), caller)


@router.delete("/{case_id}", status_code=204)
async def delete(case_id: CaseId, request: Request, caller: Caller, expected: IfMatch) -> Response:
    """Throw a draft away."""
    deps = dependencies_of(request)
    await deps.cases.delete_draft(DeleteDraft(case_id, caller, deps.clock.now(), expected))
    return gone()


@router.post("/{case_id}/breach-calls", status_code=201)
async def record_breach_call(
    case_id: CaseId, body: BreachCallBody, request: Request, expected: IfMatch, once: OnceOnly
) -> Answer[CaseResource]:
    """Put a breach's phone call on record."""
    deps = dependencies_of(request)
    command = RecordBreachCall(case_id, body.call(), once.caller, deps.clock.now(), expected)

    async def render(case: Case) -> Answer[CaseResource]:
        masks, action = (
            await deps.cases.masks(case, once.caller),
            await deps.discussions.additional_action(case),
        )
        return answer_to_keep(
            case, masks, action, lambda shown: Answer(201, shown, {"ETag": etag(case.version)})
        )

    async def again(kept: KeptAnswer) -> Answer[CaseResource]:
        return await case_again(kept, deps, once.caller)

    return await once(render, lambda receipt: deps.cases.record_breach_call(command, receipt), again)


@router.post("/{case_id}/submit", dependencies=[mailing(urgent=True)])
async def submit(
    case_id: CaseId, request: Request, expected: IfMatch, once: OnceOnly
) -> Answer[CaseResource]:
    """Put a draft on record, under a case number."""
    deps = dependencies_of(request)
    command = SubmitCase(case_id, once.caller, deps.clock.now(), expected)

    async def render(case: Case) -> Answer[CaseResource]:
        masks = await deps.cases.masks(case, once.caller)
        return answer_to_keep(case, masks, None, lambda shown: ok(shown, version=case.version))

    async def again(kept: KeptAnswer) -> Answer[CaseResource]:
        return await case_again(kept, deps, once.caller)

    return await once(render, lambda receipt: deps.cases.submit(command, receipt), again)


async def _answered(deps: IncidentDependencies, case: Case, caller: Actor) -> Answer[CaseResource]:
    return ok(CaseResource.of(case, await deps.cases.masks(case, caller)), version=case.version)


async def _found(request: Request, asked: CaseQuery, caller: Actor, cursors: Cursors) -> Answer[CasePage]:
    deps, after = dependencies_of(request), cursors.after_instant(asked)
    if asked.ssid is not None:
        note_act(request.scope, "searched_by_ssid", student_ref=deps.search.reference(asked.ssid))
    rows = await deps.search.find(
        asked.criteria(), caller, ssid=asked.ssid, after=after, limit=asked.limit + 1
    )
    return ok(await CasePage.of(rows, asked.limit, cursors))
