"""``GET /v1/changes``: the ordered feed of what a service publishes, the same in all three (contract §2, §6).

The service puts its feed on ``app.state.changes`` and includes ``router``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Protocol

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from shared.http.answers import ok, respond
from shared.http.auth import Caller, require
from shared.http.openapi import Operation
from shared.http.requests import RequestModel
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

    after: Annotated[int, Field(ge=0, le=2**62)] = 0
    limit: Annotated[int, Field(ge=1, le=500)] = 100
    wait: Annotated[float, Field(ge=0, le=30, allow_inf_nan=False)] = 0.0


class ChangesPage(BaseModel):
    """Structured CloudEvents, the position to ask behind next time, and (if not reached) the newest one."""

    items: list[dict[str, object]]
    next_after: int
    head: int | None = None


@router.get("/changes", response_model=ChangesPage)
async def changes(asked: Annotated[ChangesQuery, Query()], caller: Caller, request: Request) -> Response:
    """The ordered feed of public events, for system and auditor; waits up to ``wait`` seconds for news."""
    require(caller, Role.SYSTEM, Role.AUDITOR)
    events: PublicEvents = request.app.state.changes
    news = asyncio.ensure_future(events.page(asked.after, asked.limit, asked.wait))
    ending = asyncio.ensure_future(request.app.state.stopping.wait())
    try:
        await asyncio.wait((news, ending), return_when=asyncio.FIRST_COMPLETED)
        none_yet = {"items": [], "next_after": asked.after}  # we end; they ask the next process
        return respond(ok(news.result() if news.done() else none_yet))
    finally:
        news.cancel()
        ending.cancel()
