"""``GET /v1/changes``: the ordered feed of what a service publishes, the same in all three (contract §2, §6).

The service puts its feed on ``app.state.changes`` and includes ``router``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from shared.http.answers import Answer, ok
from shared.http.auth import Caller, require
from shared.http.openapi import Operation
from shared.http.requests import INT64, RequestModel
from shared.http.resources import Resource
from shared.http.shares import out_of_turn
from shared.kernel.actor import Role
from shared.kernel.errors import Forbidden

LIST_CHANGES = {
    "GET /v1/changes": Operation(
        "listChanges",
        "Read the feed of published events",
        "The public events behind a position, in order and without gaps; for systems and auditors. Where "
        "there are none yet, it waits up to `wait` seconds for news. Ask next behind `next_after`.",
        (Forbidden,),
    )
}

router = APIRouter(prefix="/v1", tags=["feed"])


class PublicEvents(Protocol):
    """The ordered, gap-free feed of public events."""

    async def page(self, after: int, limit: int, wait: float) -> Mapping[str, object]:
        """``{"items": [...], "next_after": n}``: what is behind a position, waiting a little for news."""
        ...


class ChangesQuery(RequestModel):
    """Behind which position, how many, and for how many seconds to wait for news."""

    after: Annotated[
        int,
        Field(
            ge=0,
            le=2**62,
            description="The position behind which to begin: `next_after` of the answer before, 0 at first.",
            json_schema_extra=INT64,
        ),
    ] = 0
    limit: Annotated[int, Field(ge=1, le=500, description="How many events are answered at most.")] = 100
    wait: Annotated[
        float,
        Field(
            ge=0, le=30, allow_inf_nan=False, description="For how many seconds to wait if there is no news."
        ),
    ] = 0.0


Position = Annotated[int, Field(json_schema_extra=INT64)]


class ChangesPage(Resource):
    """Events that happened behind a position, and the position to ask behind next time."""

    items: Annotated[
        list[dict[str, object]],
        Field(
            description="Structured CloudEvents 1.0, in the order of their positions. `type` names the "
            "schema of `data`."
        ),
    ]
    next_after: Annotated[Position, Field(description="The position of the last event of this answer.")]
    head: Annotated[
        Position | None,
        Field(description="The newest position; absent if this answer reaches it."),
    ] = None


@router.get("/changes", dependencies=[Depends(out_of_turn)])
async def changes(
    asked: Annotated[ChangesQuery, Query()], caller: Caller, request: Request
) -> Answer[ChangesPage]:
    """The ordered feed of public events, for system and auditor; waits up to ``wait`` seconds for news."""
    require(caller, Role.SYSTEM, Role.AUDITOR)
    events: PublicEvents = request.app.state.changes
    news = asyncio.ensure_future(events.page(asked.after, asked.limit, asked.wait))
    ending = asyncio.ensure_future(request.app.state.stopping.wait())
    try:
        await asyncio.wait((news, ending), return_when=asyncio.FIRST_COMPLETED)
        # where we end before there is news, they ask the next process
        found: Mapping[str, Any] = news.result() if news.done() else {"items": [], "next_after": asked.after}
        return ok(ChangesPage.model_construct(**found))
    finally:
        news.cancel()
        ending.cancel()
