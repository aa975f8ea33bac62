"""The ports of the use cases; their adapters are in ``rulebooks``, ``read_model`` and ``providers``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from services.notifications.domain.occasions import Occasion
from services.notifications.domain.values import Backlog, Content, MessageKind, Recipient, ServerAnswer
from shared.kernel.trail import Trail


class MailWriter(Protocol):
    """Writes the words of mails."""

    def write(self, kind: MessageKind, occasion: Occasion) -> Content:
        """The subject and both bodies of one mail about one occasion."""
        ...


class Outgoing(Protocol):
    """The queue of messages that are to be tried, in the transaction of the facts that put them there."""

    async def put(self, notification_id: UUID, due_at: datetime) -> None:
        """Try this message at ``due_at``; any claim on it ends."""
        ...

    async def claim(self, at: datetime, limit: int, lease: timedelta) -> Sequence[UUID]:
        """Take up to ``limit`` messages that are due, the longest due first, for the length of the lease."""
        ...

    async def turn(self, lea: str, at: datetime, per_hour: int) -> datetime | None:
        """When one message more of this LEA is due, so many in an hour; None: not within hours."""
        ...

    async def holds(self, notification_id: UUID) -> bool:
        """Whether this message is ours to send, now or later."""
        ...

    async def remove(self, notification_id: UUID) -> None:
        """Do not try this message any more."""
        ...

    async def backlog(self) -> Backlog:
        """How many wait, and since when."""
        ...


@dataclass(frozen=True)
class Mail:
    """One attempt: what is to be handed to the mail server, and for whom."""

    notification_id: UUID
    message_id: str
    kind: MessageKind
    case_number: str | None
    to: tuple[Recipient, ...]  # everybody whom the header names
    outstanding: tuple[Recipient, ...]  # those of them who do not have it yet
    content: Content
    created_at: datetime
    resent_at: datetime | None
    trail: Trail | None = None  # of the request that led to it; the same for every attempt
    resends: int = 0  # how often it was sent anew before


class Mailer(Protocol):
    """Hands mails to a mail server."""

    async def deliver(self, mail: Mail) -> Sequence[ServerAnswer]:
        """One answer per outstanding recipient; that the server is out of reach is an answer too."""
        ...

    async def rest(self) -> None:
        """No more mail for now: let go of any connection."""
        ...
