"""Notifications without a database or a mail server: fakes on their ports, the rest real."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from services.notifications.application.commands import Notify, PutContacts
from services.notifications.application.directory import Directory
from services.notifications.application.messages import Messages, Stationery
from services.notifications.application.ports import Mail
from services.notifications.application.sending import MessageSender as MailSender
from services.notifications.domain.message import Message, notification_id_of
from services.notifications.domain.occasions import Occasion
from services.notifications.domain.retries import LONGEST_DELAY
from services.notifications.domain.shares import MailLimits, turn_of
from services.notifications.domain.values import (
    Backlog,
    Cause,
    Contact,
    MessageKind,
    Sender,
    ServerAnswer,
    Verdict,
)
from services.notifications.rulebooks.mail_writer import TemplateMailWriter
from shared.kernel.actor import Actor, Role
from shared.kernel.clock import FixedClock
from tests.support.logbooks.memory_store import MemoryStore
from tests.support.notifications.states import CALTAC_DESK, CDE_DESK, COORDINATORS, INCIDENT, LEA, TUESDAY

SENDERS = {"2018-19": Sender("STAIRS", "stairs@stairs.example.org")}
LEASE = timedelta(seconds=60)
LEADER_OF_LEA = Actor(
    "lea-9", "Lee Leader", "lee.leader@lea.example.org", Role.LEA_COORDINATOR, lea=LEA, school=None
)


class MemoryOutgoing:
    """The queue; leases never run out by themselves."""

    def __init__(self) -> None:
        self.due: dict[UUID, datetime] = {}
        self.since: dict[UUID, datetime] = {}
        self.leased: set[UUID] = set()
        self.free_at: dict[str, datetime] = {}

    async def put(self, notification_id: UUID, due_at: datetime) -> None:
        self.due[notification_id] = due_at
        self.since.setdefault(notification_id, due_at)
        self.leased.discard(notification_id)

    async def claim(self, at: datetime, limit: int, _lease: timedelta) -> Sequence[UUID]:
        due = [each for each, due in self.due.items() if due <= at or due > at + LONGEST_DELAY]
        free = [each for each in due if each not in self.leased]
        claimed = sorted(free, key=lambda each: self.due[each])[:limit]
        self.leased.update(claimed)
        return claimed

    async def turn(self, lea: str, at: datetime, per_hour: int) -> datetime | None:
        turn = turn_of(self.free_at.get(lea), at, per_hour)
        if turn is None:
            return None
        self.free_at[lea] = turn.free_at
        return turn.due_at

    async def holds(self, notification_id: UUID) -> bool:
        return notification_id in self.due

    async def remove(self, notification_id: UUID) -> None:
        self.due.pop(notification_id, None)
        self.since.pop(notification_id, None)

    async def backlog(self) -> Backlog:
        return Backlog(len(self.since), min(self.since.values(), default=None))


class ScriptedMailer:
    """A mail server that answers what it was told to, and 250 when it was told nothing."""

    def __init__(self, *verdicts: Verdict) -> None:
        self.verdicts = list(verdicts)
        self.taken: list[Mail] = []
        self.rested = 0

    async def deliver(self, mail: Mail) -> Sequence[ServerAnswer]:
        verdict = self.verdicts.pop(0) if self.verdicts else Verdict.ACCEPTED
        self.taken.append(mail)
        return [ServerAnswer(person.email, verdict, None, verdict.value) for person in mail.outstanding]

    async def rest(self) -> None:
        self.rested += 1


class NotificationDesk:
    """One service's worth of messages and directory in memory."""

    def __init__(
        self,
        *verdicts: Verdict,
        caltac: str | None = CALTAC_DESK,
        outside: bool = False,
        limits: MailLimits | None = None,
    ) -> None:
        self.store = MemoryStore()
        self.outgoing = MemoryOutgoing()
        self.mailer = ScriptedMailer(*verdicts)
        self.clock = FixedClock(TUESDAY)
        self.stationery = Stationery(
            TemplateMailWriter(),
            CDE_DESK,
            "stairs.example.org",
            caltac_email=caltac,
            senders=SENDERS,
            outside=outside,
            limits=limits or MailLimits(),
        )
        self.directory = Directory(self.store)
        self.messages = Messages(self.store, self.outgoing, self.stationery)
        self.sender = MailSender(self.open, self.mailer, self.clock, burst=20, lease=LEASE)

    def change_delivery(self, *, outside: bool) -> None:
        """Another NOTIFICATIONS_DELIVERY from now on."""
        changed = replace(self.stationery, outside=outside)
        self.messages = Messages(self.store, self.outgoing, changed)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Messages]:
        yield self.messages

    async def name_coordinators(self, *contacts: Contact) -> None:
        command = PutContacts(LEA, contacts or COORDINATORS, LEADER_OF_LEA, self.clock.now())
        await self.directory.put(command)

    async def tell(self, kind: MessageKind, occasion: Occasion, event_id: str = f"{INCIDENT}.3") -> UUID:
        cause = Cause("/incidents", event_id)
        await self.messages.notify(Notify(kind, occasion, cause, self.clock.now()))
        return notification_id_of(cause, kind)

    async def message(self, notification_id: UUID) -> Message:
        return await self.store.load(Message, notification_id)
