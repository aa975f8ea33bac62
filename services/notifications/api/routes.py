"""The REST doors of the notifications service (contract §5)."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query

from services.notifications.api.dependencies import Dependencies
from services.notifications.api.resources import (
    DirectoryEntryResource,
    MailDomainsResource,
    NotificationPage,
    NotificationResource,
    NotificationSummary,
)
from services.notifications.api.schemas import (
    AttemptBody,
    DirectoryBody,
    MailDomainsBody,
    NotificationQuery,
    key_of,
)
from services.notifications.application.commands import Resend
from services.notifications.domain.directory_entry import DirectoryEntry
from services.notifications.domain.mail_domains import MailDomains
from services.notifications.domain.message import Message
from shared.http.answers import Answer, created, ok
from shared.http.audit import audited
from shared.http.auth import Caller
from shared.http.idempotency import KeptAnswer, OnceOnly, unchanged
from shared.http.paging import Cursors, cursors_of
from shared.http.preconditions import IfMatch
from shared.http.shares import mailing
from shared.kernel.yielding import piecewise

router = APIRouter(prefix="/v1", tags=["notifications"])

NotificationId = Annotated[UUID, Path(description="The message's id.")]
Cds = Annotated[
    str,
    Path(
        description="The CDS code: 7 digits of an LEA, 14 of a school.",
        json_schema_extra={"pattern": r"^([0-9]{7}|[0-9]{14})$"},  # the domain refuses others
    ),
]
SET_FIRST: dict[int | str, dict[str, Any]] = {
    201: {"model": DirectoryEntryResource, "description": "Set for the first time."}
}
DOMAINS_FIRST: dict[int | str, dict[str, Any]] = {
    201: {"model": MailDomainsResource, "description": "Set for the first time."}
}


@router.put(
    "/directory/{cds}", tags=["directory"], responses=SET_FIRST, dependencies=[audited("directory_set")]
)
async def put_directory(
    cds: Cds, body: DirectoryBody, caller: Caller, deps: Dependencies, expected: IfMatch, once: OnceOnly
) -> Answer[DirectoryEntryResource]:
    """The coordinators to be mailed for an LEA or a school, in place of those named before."""
    command = body.to_command(cds, caller, deps.clock.now(), expected)

    async def render(entry: DirectoryEntry) -> Answer[DirectoryEntryResource]:
        shown = DirectoryEntryResource.of(entry, await deps.directory.domains_of(cds))
        if entry.version == 1 and entry.changed_at == command.at:
            return created(shown, location=f"/v1/directory/{cds}", version=entry.version)
        return ok(shown, version=entry.version)

    # who may name the contacts sees them
    return await once(render, lambda receipt: deps.directory.put(command, receipt), unchanged)


@router.get("/directory/{cds}", tags=["directory"])
async def show_directory(cds: Cds, caller: Caller, deps: Dependencies) -> Answer[DirectoryEntryResource]:
    """Who is mailed for an LEA or a school."""
    entry = await deps.directory.find(cds, caller)
    domains = await deps.directory.domains_of(cds)
    return ok(DirectoryEntryResource.of(entry, domains), version=entry.version)


@router.put(
    "/directory/{cds}/mail-domains",
    tags=["directory"],
    responses=DOMAINS_FIRST,
    dependencies=[audited("mail_domains_set")],
)
async def set_mail_domains(
    cds: Cds, body: MailDomainsBody, caller: Caller, deps: Dependencies, expected: IfMatch, once: OnceOnly
) -> Answer[MailDomainsResource]:
    """The mail domains of an LEA or a school, in place of those set before."""
    command = body.to_command(cds, caller, deps.clock.now(), expected)

    async def render(known: MailDomains) -> Answer[MailDomainsResource]:
        shown = MailDomainsResource.of(known)
        if known.version == 1 and known.changed_at == command.at:
            location = f"/v1/directory/{cds}/mail-domains"
            return created(shown, location=location, version=known.version)
        return ok(shown, version=known.version)

    # who may set them sees them
    return await once(render, lambda receipt: deps.directory.set_domains(command, receipt), unchanged)


@router.get("/directory/{cds}/mail-domains", tags=["directory"])
async def show_mail_domains(cds: Cds, caller: Caller, deps: Dependencies) -> Answer[MailDomainsResource]:
    """The mail domains of an LEA or a school."""
    known = await deps.directory.find_domains(cds, caller)
    return ok(MailDomainsResource.of(known), version=known.version)


@router.get("/notifications")
async def search(
    asked: Annotated[NotificationQuery, Query()],
    caller: Caller,
    deps: Dependencies,
    cursors: Annotated[Cursors, Depends(cursors_of("notifications"))],
) -> Answer[NotificationPage]:
    """The messages of cases in the caller's scope, newest first."""
    after = asked.last_seen(cursors)
    rows = await deps.messages.page(caller, asked.filters(), limit=asked.limit + 1, after=after)
    found, following = cursors.page(rows, asked.limit, key_of)
    items = [NotificationSummary.of_row(row) async for row in piecewise(found)]
    return ok(NotificationPage.model_construct(items=items, next_cursor=following))


@router.get("/notifications/{notification_id}")
async def show(
    notification_id: NotificationId, caller: Caller, deps: Dependencies
) -> Answer[NotificationResource]:
    """One message, as it is this moment."""
    message = await deps.messages.get(notification_id, caller)
    return ok(NotificationResource.of(message), version=message.version)


@router.post(
    "/notifications/{notification_id}/resend", dependencies=[audited("notification_resent"), mailing()]
)
async def resend(
    notification_id: NotificationId, caller: Caller, deps: Dependencies, expected: IfMatch, once: OnceOnly
) -> Answer[NotificationResource]:
    """Send a settled message once more, to the LEA's coordinators as the directory names them today."""
    command = Resend(notification_id, caller, deps.clock.now(), expected)

    async def render(message: Message) -> Answer[NotificationResource]:
        return ok(NotificationResource.of(message), version=message.version)

    async def again(kept: KeptAnswer) -> Answer[NotificationResource]:
        await deps.messages.get(notification_id, caller)
        return kept.answer()

    return await once(render, lambda receipt: deps.resending.resend(command, receipt), again)


@router.post("/notifications/{notification_id}/attempts", dependencies=[audited("attempt_reported")])
async def report_attempt(
    notification_id: NotificationId, body: AttemptBody, deps: Dependencies, expected: IfMatch, once: OnceOnly
) -> Answer[NotificationResource]:
    """What became of an attempt that a mailer outside made (NOTIFICATIONS_DELIVERY=external)."""
    command = body.to_command(notification_id, once.caller, deps.clock.now(), expected)

    async def render(message: Message) -> Answer[NotificationResource]:
        return ok(NotificationResource.of(message), version=message.version)

    # who may report sees all messages
    return await once(render, lambda receipt: deps.resending.report(command, receipt), unchanged)
