"""Messages: written once per trigger and kind, tried until they are settled, sent again on request.

If an outside mailer delivers (ADR 0016), no message is put into our queue; the mailer reports its attempts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from services.notifications.application.commands import Notify, RecordReturn, ReportAttempt, Resend
from services.notifications.application.directory import Directory
from services.notifications.application.ports import Mail, MailWriter, Outgoing
from services.notifications.domain.errors import InTheFuture, SentByOurselves, TooMuchMail
from services.notifications.domain.message import Message, notification_id_of
from services.notifications.domain.permissions import (
    require_mailer,
    require_message_visible,
    require_resender,
)
from services.notifications.domain.recipients import (
    at_the_desk,
    desk_for,
    lea_is_copied,
    left_out,
    recipients_again,
    recipients_of,
)
from services.notifications.domain.shares import NEVER_HELD_BACK, MailLimits, within
from services.notifications.domain.values import (
    Backlog,
    Because,
    Content,
    MessageDraft,
    MessageKind,
    Recipient,
    Sender,
    ServerAnswer,
)
from shared.kernel.actor import Actor, Role
from shared.kernel.errors import NotFound, Stale
from shared.kernel.store import ReceiptFor, Store, StreamUnknown
from shared.kernel.trail import Trail
from shared.observability.metrics import counter

TOO_MUCH_MAIL = "not sent: more mails than may be sent for one LEA wait already; it can be sent again later"
WAITED_FOR = 600  # seconds; a guess: by then some of what waits is sent

_held_back = counter(
    "mails_held_back",
    "Messages that were more than their LEA's share, by outcome: waits, given_up.",
    ("outcome",),
)

log = structlog.get_logger(__name__)

# kinds that also go to the coordinators of the school
FOR_THE_SITE = frozenset({MessageKind.CONCERN_RECORDED})
# by how much the clock of another machine may be ahead of ours
SKEW = timedelta(minutes=5)
OURSELVES = Actor("notifications", "STAIRS notifications", "", Role.SYSTEM).as_fact()


@dataclass(frozen=True)
class Stationery:
    """What every message needs beside its occasion."""

    letters: MailWriter
    cde_email: str
    mail_domain: str  # the right-hand side of every Message-ID
    caltac_email: str | None = None
    senders: Mapping[str, Sender] = field(default_factory=dict)  # by the year whose policy words a mail
    outside: bool = False  # a mailer outside delivers: nothing is put into our queue
    limits: MailLimits = field(default_factory=MailLimits)

    @property
    def desks(self) -> Mapping[Because, str]:
        """The addresses of the desks that are known."""
        known = {Because.CDE_DESK: self.cde_email, Because.CALTAC_DESK: self.caltac_email}
        return {desk: address for desk, address in known.items() if address is not None}

    def sender_of(self, content: Content) -> Sender | None:
        """From whom a mail of these words comes."""
        return self.senders.get(content.template.partition("/")[0])


class Messages:
    """Messages within one transaction: facts and queue are stored together or not at all."""

    def __init__(self, store: Store, outgoing: Outgoing, stationery: Stationery) -> None:
        self._store = store
        self._outgoing = outgoing
        self._stationery = stationery
        self._directory = Directory(store)

    async def notify(self, command: Notify) -> None:
        """Write the message that this occasion asks for, and queue it; the same cause again does nothing.

        What comes faster than the LEA's share waits in the queue, or fails visibly where it would wait for
        hours; N1, N7 and N8 never do.
        """
        if await self._exists(notification_id_of(command.cause, command.kind, command.occasion.beside)):
            return
        message = Message.compose(
            await self._draft(command),
            mail_domain=self._stationery.mail_domain,
            actor=OURSELVES,
            at=command.at,
        )
        due_at = await self._turn(message, command.at) if message.waiting else command.at
        if due_at is None:
            message.give_up(TOO_MUCH_MAIL, actor=OURSELVES, at=command.at)
        await self._store.save(message)
        if message.waiting:
            await self._queue(message, due_at or command.at)

    async def claim(self, at: datetime, limit: int, lease: timedelta) -> list[Mail]:
        """Take up the messages that are due; no other sender takes them while the lease lasts.

        A message that does not fit any more fails. One that is settled already only leaves the queue.
        """
        claimed = await self._outgoing.claim(at, limit, lease)
        messages = [await self._store.load(Message, notification_id) for notification_id in claimed]
        begun = [message for message in messages if message.waiting]
        for message in begun:
            message.start_sending(actor=OURSELVES, at=at)
        await self._store.save(*begun)
        for message in messages:
            if not message.waiting:
                await self._outgoing.remove(message.id)
        sent = [message for message in messages if message.waiting]
        return [_mail_of(message, await self._store.trail_of(message.id)) for message in sent]

    async def backlog(self) -> Backlog:
        """What is still to be sent."""
        return await self._outgoing.backlog()

    async def give_back(self, notification_ids: Sequence[UUID], at: datetime) -> None:
        """End the lease on messages that were taken up and not begun."""
        for notification_id in notification_ids:
            await self._outgoing.put(notification_id, at)

    async def record(self, notification_id: UUID, answers: Sequence[ServerAnswer], at: datetime) -> None:
        """Record the outcome of an attempt: delivered, given up, or queued for the next attempt.

        :raises NotBeingSent: somebody else settled it in the meantime.
        """
        message = await self._store.load(Message, notification_id)
        message.record_attempt(answers, actor=OURSELVES, at=at)
        await self._store.save(message)
        if message.retry_at is not None:
            await self._outgoing.put(message.id, message.retry_at)
        else:
            await self._outgoing.remove(message.id)

    async def report(self, command: ReportAttempt, receipt: ReceiptFor | None = None) -> Message:
        """Record the outcome of an attempt by an outside mailer.

        :raises Forbidden: the caller is a person.
        :raises InTheFuture: the attempt is still to be made.
        :raises SentByOurselves: it is in our own queue, and our own sender runs.
        :raises NotBeingSent: it has come to its end already.
        """
        require_mailer(command.actor)
        if command.attempted_at > command.at + SKEW:
            raise InTheFuture("An attempt is reported after it was made.")
        message = await find_message(self._store, command.notification_id)
        _require_version(message, command.expected)
        if not self._stationery.outside and await self._outgoing.holds(message.id):
            raise SentByOurselves("NOTIFICATIONS_DELIVERY is smtp here: our own sender records its attempts.")
        message.record_outside_attempt(
            command.verdict, command.detail, actor=command.actor.as_fact(), at=command.attempted_at
        )
        await self._store.save(message, receipt=await receipt(message) if receipt else None)
        await self._outgoing.remove(message.id)
        return message

    async def record_return(self, command: RecordReturn) -> None:
        """Record that a mail came back for some of its recipients.

        :raises NotFound: there is no such message.
        :raises AlreadyOnItsWay: a sender has it in hand; come again.
        """
        message = await find_message(self._store, command.notification_id)
        message.record_return(command.returned, resend=command.resend, actor=OURSELVES, at=command.at)
        await self._store.save(message)

    async def resend(self, command: Resend, receipt: ReceiptFor | None = None) -> Message:
        """Send a settled message anew, to the LEA's coordinators as the directory names them today.

        :raises NotFound: no such message in the caller's scope.
        :raises AlreadyOnItsWay: it is not settled yet.
        :raises NoLongerTrue: the deadline that it warns of has passed.
        :raises NobodyToSendTo: it had no recipient, and still has none.
        :raises ResendTooSoon: it was sent anew a moment ago.
        :raises TooMuchMail: its LEA's share is used up for hours.
        """
        require_resender(command.actor)
        message = await find_message(self._store, command.notification_id)
        require_message_visible(command.actor, message)
        _require_version(message, command.expected)
        coordinators = await self._directory.coordinators_of(message.matter.lea)
        recipients = recipients_again(
            message.recipients,
            lea_copied=message.lea_copied,
            coordinators=coordinators,
            desk=at_the_desk(message.desk, self._stationery.desks) if message.desk else None,
        )
        message.send_again(
            self._within(message.kind, recipients),
            actor=command.actor.as_fact(),
            at=command.at,
            sender=self._stationery.sender_of(message.content),
            pause=self._stationery.limits.resend_pause,
        )
        due_at = await self._turn(message, command.at)
        if due_at is None:
            raise TooMuchMail("Too many mails wait for this LEA already.", retry_after=WAITED_FOR)
        await self._store.save(message, receipt=await receipt(message) if receipt else None)
        await self._queue(message, due_at)
        return message

    async def _turn(self, message: Message, at: datetime) -> datetime | None:
        """When the message is due; None: its LEA's share is used up for hours."""
        if self._stationery.outside or message.kind in NEVER_HELD_BACK:
            return at
        lea, limits = message.matter.lea, self._stationery.limits
        due_at = await self._outgoing.turn(lea, at, limits.messages_per_lea)
        if due_at is None or due_at > at:
            outcome = "given_up" if due_at is None else "waits"
            _held_back.labels(outcome).inc()
            log.warning("mail_held_back", outcome=outcome, lea=lea, kind=message.kind.value)
        return due_at

    def _within(self, kind: MessageKind, people: tuple[Recipient, ...]) -> tuple[Recipient, ...]:
        told = within(kind, people, self._stationery.limits.recipients)
        if len(told) < len(people):
            log.warning("recipients_over_bound", kind=kind.value, left_out=len(people) - len(told))
        return told

    async def _queue(self, message: Message, at: datetime) -> None:
        if not self._stationery.outside:
            await self._outgoing.put(message.id, at)

    async def _draft(self, command: Notify) -> MessageDraft:
        kind, occasion = command.kind, command.occasion
        coordinators = await self._directory.coordinators_of(occasion.lea)
        sites = await self._directory.coordinators_of(occasion.school) if kind in FOR_THE_SITE else ()
        recipients = self._within(
            kind, recipients_of(kind, occasion, coordinators, self._stationery.desks, sites)
        )
        copied = lea_is_copied(kind, occasion)
        if copied and not any(each.because is Because.LEA_COORDINATOR for each in recipients):
            log.warning("lea_coordinators_unknown", lea=occasion.lea, case_number=occasion.case_number)
        if nobodies := left_out(kind, occasion):
            log.warning("recipients_unusable", count=nobodies, case_number=occasion.case_number)
        content = self._stationery.letters.write(kind, occasion)
        return MessageDraft(
            kind=kind,
            cause=command.cause,
            matter=occasion.matter,
            recipients=recipients,
            lea_copied=copied,
            content=content,
            sender=self._stationery.sender_of(content),
            desk=desk_for(kind, occasion),
            fits_until=occasion.fits_until,
            beside=occasion.beside,
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


def _require_version(message: Message, expected: int | None) -> None:
    if expected is not None and expected != message.version:
        raise Stale(f"The present version is {message.version}.")


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
        resends=message.resends,
    )
