"""``GET /v1/changes``: the ordered feed of public events, for other systems and auditors."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from services.incidents.api.desk import desk_of
from services.incidents.api.resources import ChangesPage
from services.incidents.api.schemas import ChangesQuery
from services.incidents.domain.permissions import may_follow_feed
from shared.http.answers import ok, respond
from shared.http.auth import Caller

router = APIRouter(prefix="/v1", tags=["feed"])


@router.get("/changes", response_model=ChangesPage)
async def changes(asked: Annotated[ChangesQuery, Query()], request: Request, caller: Caller) -> Response:
    """Public events behind a position, waiting for news if asked to."""
    may_follow_feed(caller)
    reading = asyncio.ensure_future(desk_of(request).changes.page(asked.after, asked.limit, asked.wait))
    stopping = asyncio.ensure_future(request.app.state.stopping.wait())
    try:
        await asyncio.wait({reading, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if reading.done():
            return respond(ok(reading.result()))
        return respond(ok({"items": [], "next_after": asked.after}))  # we end; they ask the next process
    finally:
        reading.cancel()
        stopping.cancel()
