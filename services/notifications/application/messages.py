"""Messages: written once per trigger and kind, tried until settled, sent again when asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from services.notifications.application.commands import Notify, Resend
from services.notifications.application.directory import Directory
from services.notifications.application.ports import LetterWriter, Mail, Outgoing
from services.notifications.application.scope import may_resend
from services.notifications.domain.message import Message, notification_id_of
from services.notifications.domain.recipients import lea_is_copied, recipients_again, recipients_of
from services.notifications.domain.values import Answer, Backlog, Because, Draft, Kind
from shared.kernel.actor import Actor, Role
from shared.kernel.errors import NotFound, Stale
from shared.kernel.store import ReceiptFor, Store, StreamUnknown
from shared.kernel.trail import Trail

log = structlog.get_logger(__name__)

FOR_THE_SITE = frozenset({Kind.CONCERN_RECORDED})  # told to the coordinators of the school as well
OURSELVES = Actor("notifications", "STAIRS notifications", "", Role.SYSTEM).as_fact()


@dataclass(frozen=True)
class Stationery:
    """What every message needs beside its occasion."""

    letters: LetterWriter
    cde_email: str
    mail_domain: str  # the right-hand side of every Message-ID


class Messages:
    """Messages within one transaction: facts and queue are stored together or not at all."""

    def __init__(self, store: Store, outgoing: Outgoing, stationery: Stationery) -> None:
        self._store = store
        self._outgoing = outgoing
        self._stationery = stationery
        self._directory = Directory(store)

    async def notify(self, command: Notify) -> None:
        """Write the message that this occasion asks for, and queue it; the same cause again does nothing."""
        if await self._exists(notification_id_of(command.cause, command.kind)):
            return
        message = Message.compose(
            await self._draft(command),
            mail_domain=self._stationery.mail_domain,
            actor=OURSELVES,
            at=command.at,
        )
        await self._store.save(message)
        if message.waiting:
            await self._outgoing.put(message.id, command.at)

    async def claim(self, at: datetime, limit: int, lease: timedelta) -> list[Mail]:
        """Take up what is due; while the lease lasts nobody else does."""
        claimed = await self._outgoing.claim(at, limit, lease)
        messages = [await self._store.load(Message, notification_id) for notification_id in claimed]
        for message in messages:
            message.start_sending(actor=OURSELVES, at=at)
        await self._store.save(*messages)
        return [_mail_of(message, await self._store.trail_of(message.id)) for message in messages]

    async def backlog(self) -> Backlog:
        """What is still to be sent."""
        return await self._outgoing.backlog()

    async def give_back(self, notification_ids: Sequence[UUID], at: datetime) -> None:
        """End the lease on what was taken up and not begun."""
        for notification_id in notification_ids:
            await self._outgoing.put(notification_id, at)

    async def record(self, notification_id: UUID, answers: Sequence[Answer], at: datetime) -> None:
        """What became of an attempt: done, given up, or queued for the next.

        :raises NotBeingSent: somebody else settled it in the meantime.
        """
        message = await self._store.load(Message, notification_id)
        message.record_attempt(answers, actor=OURSELVES, at=at)
        await self._store.save(message)
        if message.retry_at is not None:
            await self._outgoing.put(message.id, message.retry_at)
        else:
            await self._outgoing.remove(message.id)

    async def resend(self, command: Resend, receipt: ReceiptFor | None = None) -> Message:
        """Send a settled message anew, to the LEA's coordinators as the directory names them today.

        :raises NotFound: no such message in the caller's scope.
        :raises AlreadyOnItsWay: it is not settled yet.
        :raises NobodyToSendTo: it had no recipient, and still has none.
        """
        message = await find_message(self._store, command.notification_id)
        may_resend(command.actor, message)
        if command.expected is not None and command.expected != message.version:
            raise Stale(f"The present version is {message.version}, not {command.expected}.")
        coordinators = await self._directory.coordinators_of(message.matter.lea)
        recipients = recipients_again(
            message.recipients, lea_copied=message.lea_copied, coordinators=coordinators
        )
        message.send_again(recipients, actor=command.actor.as_fact(), at=command.at)
        await self._store.save(message, receipt=await receipt(message) if receipt else None)
        await self._outgoing.put(message.id, command.at)
        return message

    async def _draft(self, command: Notify) -> Draft:
        kind, occasion = command.kind, command.occasion
        coordinators = await self._directory.coordinators_of(occasion.lea)
        sites = await self._directory.coordinators_of(occasion.school) if kind in FOR_THE_SITE else ()
        recipients = recipients_of(kind, occasion, coordinators, self._stationery.cde_email, sites)
        copied = lea_is_copied(kind, occasion)
        if copied and not any(each.because is Because.LEA_COORDINATOR for each in recipients):
            log.warning("lea_coordinators_unknown", lea=occasion.lea, case_number=occasion.case_number)
        return Draft(
            kind=kind,
            cause=command.cause,
            matter=occasion.matter,
            recipients=recipients,
            lea_copied=copied,
            content=self._stationery.letters.write(kind, occasion),
        )

    async def _exists(self, notification_id: UUID) -> bool:
        try:
            await self._store.load(Message, notification_id)
        except StreamUnknown:
            return False
        return True


async def find_message(store: Store, notification_id: UUID) -> Message:
    """The message as of now.

    :raises NotFound: there is none of this id.
    """
    try:
        return await store.load(Message, notification_id)
    except StreamUnknown:
        raise NotFound("There is no such notification.") from None


def _mail_of(message: Message, trail: Trail | None) -> Mail:
    return Mail(
        notification_id=message.id,
        message_id=message.message_id,
        kind=message.kind,
        case_number=message.matter.case_number,
        to=message.recipients,
        outstanding=message.round.outstanding,
        content=message.content,
        created_at=message.created_at,
        resent_at=message.resent_at,
        trail=trail,
    )
