"""What became of the mails about a case: a row per message, as its newest event tells it.

The rows follow the notifications service's feed alone; ``forget`` lets them be made anew from its beginning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.incidents.read_model.tables import CASE_MAIL
from shared.persistence.faults import translated
from shared.persistence.tables import INBOX, POSITIONS

MailRow = dict[str, Any]  # a message by ``notification_id``, ``kind``, ``status``, ``at``
C = CASE_MAIL.c


@dataclass(frozen=True)
class HeardMail:
    """How one message stands after one event about it; to whom it goes is not kept here."""

    notification_id: UUID
    incident_id: UUID
    kind: str
    status: str
    at: datetime
    sequence: int  # the event's position in the notifications service's store


async def remember(connection: AsyncConnection, mail: HeardMail) -> None:
    """Know how a message stands; an older word about it than the one that is known changes nothing."""
    statement = insert(CASE_MAIL).values(vars(mail))
    newer = statement.excluded
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=[C.notification_id],
            set_={"status": newer.status, "at": newer.at, "sequence": newer.sequence},
            where=C.sequence < newer.sequence,
        )
    )


async def forget(connection: AsyncConnection, consumer: str, source: str) -> None:
    """Know nothing of any mail, and follow ``source`` from its beginning; ``consumer`` must not run now."""
    await connection.execute(sa.delete(CASE_MAIL))
    await connection.execute(sa.delete(INBOX).where(INBOX.c.consumer == consumer))
    await connection.execute(sa.delete(POSITIONS).where(POSITIONS.c.name == f"feed:{consumer}:{source}"))


class CaseMail:
    """Answers from ``case_mail``, which follows the mails by moments."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def of(self, case_id: UUID) -> Sequence[MailRow]:
        """The messages about a case, the longest at rest first.

        :raises StoreUnavailable: the database is away.
        """
        query = sa.select(C.notification_id, C.kind, C.status, C.at).where(C.incident_id == case_id)
        with translated():
            async with self._engine.connect() as connection:
                found = await connection.execute(query.order_by(C.at, C.notification_id))
                return [dict(row) for row in found.mappings()]
