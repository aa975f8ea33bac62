"""The REST doors of the appeals service (contract §4)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from services.appeals.api.dependencies import Dependencies
from services.appeals.api.history import History
from services.appeals.api.offers import OffersResource
from services.appeals.api.resources import (
    AppealPage,
    AppealResource,
    DecisionResults,
    RequestedAppeals,
)
from services.appeals.api.schemas import (
    ActBody,
    DecisionsBody,
    OffersQuery,
    RequestBody,
    SearchQuery,
)
from services.appeals.application.appeals import Result
from services.appeals.application.commands import Deed, DoToAppeal
from services.appeals.domain.appeal import Appeal
from services.appeals.domain.values import Decider
from shared.http.answers import Answer, ok
from shared.http.auth import Caller
from shared.http.idempotency import KeptAnswer, OnceOnly
from shared.http.paging import Cursors, cursors_of
from shared.http.preconditions import IfMatch
from shared.http.shares import mailing
from shared.kernel.yielding import piecewise

router = APIRouter(prefix="/v1", tags=["appeals"])

AppealId = Annotated[UUID, Path(description="The appeal's id.")]


@router.get("/offers")
async def offers(
    asked: Annotated[OffersQuery, Query()], caller: Caller, deps: Dependencies
) -> Answer[OffersResource]:
    """The appeal types on offer and, where there are none, why."""
    case, found = await deps.requests.offers(asked.to_question(caller, deps.clock.now()))
    return ok(OffersResource.of(case, asked.student_ref, found))


@router.post("/appeals", status_code=201, dependencies=[mailing("students")])
async def request_appeals(
    body: RequestBody, caller: Caller, deps: Dependencies, once: OnceOnly
) -> Answer[RequestedAppeals]:
    """One appeal per student, all or none."""
    now = deps.clock.now()
    command = body.to_command(caller, now)

    async def render(appeals: list[Appeal]) -> Answer[RequestedAppeals]:
        return Answer(201, RequestedAppeals.of(appeals, now))

    async def again(kept: KeptAnswer) -> Answer[RequestedAppeals]:
        # all of one request are of one case, and so of one scope
        await deps.appeals.get(UUID(kept.content["appeals"][0]["id"]), caller)
        return kept.answer()

    return await once(render, lambda receipt: deps.requests.request(command, receipt), again)


@router.get("/appeals")
async def search(
    asked: Annotated[SearchQuery, Query()],
    caller: Caller,
    deps: Dependencies,
    cursors: Annotated[Cursors, Depends(cursors_of("appeals"))],
) -> Answer[AppealPage]:
    """The appeals in the caller's scope; ``order=due`` puts the one first whose decision is due first."""
    now = deps.clock.now()
    rows = await deps.queries.search(
        caller,
        asked.filters(),
        now=now,
        order=asked.order,
        limit=asked.limit + 1,
        after=asked.last_seen(cursors),
    )
    found, following = cursors.page(rows, asked.limit, asked.key_of)
    items = [AppealResource.of_row(row, now) async for row in piecewise(found)]
    return ok(AppealPage.model_construct(items=items, next_cursor=following))


@router.post("/appeals/decisions", dependencies=[mailing("appeals")])
async def decide_many(
    body: DecisionsBody, caller: Caller, deps: Dependencies, once: OnceOnly
) -> Answer[DecisionResults]:
    """The same decision on up to 500 appeals; a result for each."""
    now = deps.clock.now()
    command = body.to_command(caller, now)

    async def render(results: list[Result]) -> Answer[DecisionResults]:
        return ok(DecisionResults.of(results, now))

    async def again(kept: KeptAnswer) -> Answer[DecisionResults]:
        decided = [each["appeal"] for each in kept.content["results"] if each["decided"]]
        deps.appeals.require_decider_of({Decider(appeal["decider"]) for appeal in decided}, caller)
        return kept.answer()

    return await once(render, lambda receipt: deps.appeals.decide_many(command, receipt), again)


@router.get("/appeals/{appeal_id}")
async def show(appeal_id: AppealId, caller: Caller, deps: Dependencies) -> Answer[AppealResource]:
    """One appeal, as it is this moment."""
    appeal = await deps.appeals.get(appeal_id, caller)
    return ok(AppealResource.of(appeal, deps.clock.now()), version=appeal.version)


@router.get("/appeals/{appeal_id}/history")
async def history(appeal_id: AppealId, caller: Caller, deps: Dependencies) -> Answer[History]:
    """Every fact, oldest first."""
    return ok(History.of(await deps.appeals.history(appeal_id, caller)))


def _open_door(deed: Deed, meaning: str) -> None:
    async def do(
        appeal_id: AppealId,
        caller: Caller,
        deps: Dependencies,
        expected: IfMatch,
        once: OnceOnly,
        body: ActBody | None = None,
    ) -> Answer[AppealResource]:
        now = deps.clock.now()
        act = (body or ActBody()).to_act(caller, now)

        async def render(appeal: Appeal) -> Answer[AppealResource]:
            return ok(AppealResource.of(appeal, now), version=appeal.version)

        async def again(kept: KeptAnswer) -> Answer[AppealResource]:
            await deps.appeals.get(appeal_id, caller)
            return kept.answer()

        command = DoToAppeal(deed, appeal_id, act, expected)
        return await once(render, lambda receipt: deps.appeals.do(command, receipt), again)

    address = f"/appeals/{{appeal_id}}/{deed.value}"
    router.post(address, name=deed.value, summary=meaning, dependencies=[mailing()])(do)


_open_door(Deed.APPROVE, "The decider says yes")
_open_door(Deed.DENY, "The decider says no, with a reason")
_open_door(Deed.WITHDRAW, "The coordinator takes a request back that the CDE has not decided")
_open_door(Deed.PROCESS, "CalTAC: executed in the test delivery system")
_open_door(Deed.FAIL, "CalTAC: the test delivery system could not execute it, with a reason")
_open_door(Deed.RESUBMIT, "CalTAC: to be executed once more")
