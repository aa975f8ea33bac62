"""The REST doors of the notifications service (contract §5)."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.notifications.api import resources
from services.notifications.api.dependencies import Dependencies
from services.notifications.api.schemas import (
    AttemptBody,
    DirectoryBody,
    DirectoryResource,
    NotificationList,
    NotificationQuery,
    NotificationResource,
    key_of,
)
from services.notifications.application.commands import Resend
from services.notifications.application.messages import find_message
from services.notifications.application.scope import may_read, sees_message
from services.notifications.domain.directory_entry import DirectoryEntry
from services.notifications.domain.message import Message
from shared.http.answers import Answer, created, ok, respond
from shared.http.auth import Caller
from shared.http.idempotency import OnceOnly
from shared.http.paging import page
from shared.http.preconditions import IfMatch

router = APIRouter(prefix="/v1", tags=["notifications"])


@router.put("/directory/{cds}", response_model=DirectoryResource, tags=["directory"])
async def put_directory(
    cds: str, body: DirectoryBody, caller: Caller, deps: Dependencies, expected: IfMatch, once: OnceOnly
) -> Response:
    """The coordinators to be mailed for an LEA or a school, in place of those named before."""
    command = body.to_command(cds, caller, deps.clock.now(), expected)

    async def render(entry: DirectoryEntry) -> Answer:
        shown = resources.of_entry(entry)
        if entry.version == 1 and entry.changed_at == command.at:
            return created(shown, location=f"/v1/directory/{cds}", version=entry.version)
        return ok(shown, version=entry.version)

    return await once(render, lambda receipt: deps.directory.put(command, receipt))


@router.get("/directory/{cds}", response_model=DirectoryResource, tags=["directory"])
async def show_directory(cds: str, caller: Caller, deps: Dependencies) -> Response:
    """Who is mailed for an LEA or a school."""
    entry = await deps.directory.find(cds, caller)
    return respond(ok(resources.of_entry(entry), version=entry.version))


@router.get("/notifications", response_model=NotificationList)
async def search(
    asked: Annotated[NotificationQuery, Query()], caller: Caller, deps: Dependencies
) -> Response:
    """The messages of cases in the caller's scope, newest first."""
    may_read(caller)
    rows = await deps.queries.page(caller, asked.filters(), limit=asked.limit + 1, after=asked.last_seen())
    listed = page(rows, asked.limit, key_of)
    shown = [resources.of_row(row) for row in rows[: asked.limit]]
    return respond(ok({**listed, "items": shown}))


@router.get("/notifications/{notification_id}", response_model=NotificationResource)
async def show(notification_id: UUID, caller: Caller, deps: Dependencies) -> Response:
    """One message, as it is this moment."""
    may_read(caller)
    message = await find_message(deps.store, notification_id)
    sees_message(caller, message)
    return respond(ok(resources.of_message(message), version=message.version))


@router.post("/notifications/{notification_id}/resend", response_model=NotificationResource)
async def resend(
    notification_id: UUID, caller: Caller, deps: Dependencies, expected: IfMatch, once: OnceOnly
) -> Response:
    """Send a settled message once more, to the LEA's coordinators as the directory names them today."""
    command = Resend(notification_id, caller, deps.clock.now(), expected)

    async def render(message: Message) -> Answer:
        return ok(resources.of_message(message), version=message.version)

    return await once(render, lambda receipt: deps.resending.resend(command, receipt))


@router.post("/notifications/{notification_id}/attempts", response_model=NotificationResource)
async def report_attempt(
    notification_id: UUID, body: AttemptBody, deps: Dependencies, expected: IfMatch, once: OnceOnly
) -> Response:
    """What became of an attempt that a mailer outside made (NOTIFICATIONS_DELIVERY=external)."""
    command = body.to_command(notification_id, once.caller, deps.clock.now(), expected)

    async def render(message: Message) -> Answer:
        return ok(resources.of_message(message), version=message.version)

    return await once(render, lambda receipt: deps.resending.report(command, receipt))
