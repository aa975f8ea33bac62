"""The queue of messages to be tried: rows written in the transaction of the facts that put them there.

``due_at`` is compared with the service's clock (which a sandbox may move); the lease is a matter between
running processes and follows the database's own clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.domain.retries import LONGEST_DELAY
from services.notifications.domain.shares import turn_of
from services.notifications.domain.values import Backlog
from services.notifications.read_model.tables import mail_shares, outgoing


class OutgoingQueue:
    """The queue within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def put(self, notification_id: UUID, due_at: datetime) -> None:
        """Try this message at ``due_at``; any claim on it ends."""
        row = {"notification_id": notification_id, "due_at": due_at, "since": due_at, "leased_until": None}
        statement = insert(outgoing).values(row)
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=["notification_id"], set_={"due_at": due_at, "leased_until": None}
            )
        )

    async def claim(self, at: datetime, limit: int, lease: timedelta) -> Sequence[UUID]:
        """Up to ``limit`` due messages, longest due first; rows that another sender holds are passed over.

        Due is also what no retry could have put so far ahead: the clock was wrong then, and is right now.
        """
        free = sa.or_(outgoing.c.leased_until.is_(None), outgoing.c.leased_until < sa.func.now())
        due = (
            sa.select(outgoing.c.notification_id)
            .where(sa.or_(outgoing.c.due_at <= at, outgoing.c.due_at > at + LONGEST_DELAY), free)
            .order_by(outgoing.c.due_at, outgoing.c.notification_id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        ids = list((await self._connection.execute(due)).scalars())
        if ids:
            await self._connection.execute(
                sa.update(outgoing)
                .where(outgoing.c.notification_id.in_(ids))
                .values(leased_until=sa.func.now() + lease)
            )
        return ids

    async def turn(self, lea: str, at: datetime, per_hour: int) -> datetime | None:
        """When one message more of this LEA is due, so many in an hour; None: not within hours."""
        known = sa.select(mail_shares.c.free_at).where(mail_shares.c.lea == lea).with_for_update()
        turn = turn_of((await self._connection.execute(known)).scalar(), at, per_hour)
        if turn is None:
            return None
        statement = insert(mail_shares).values(lea=lea, free_at=turn.free_at)
        await self._connection.execute(
            statement.on_conflict_do_update(index_elements=["lea"], set_={"free_at": turn.free_at})
        )
        return turn.due_at

    async def backlog(self) -> Backlog:
        """How many wait, and since when."""
        statement = sa.select(sa.func.count(), sa.func.min(outgoing.c.since))
        count, since = (await self._connection.execute(statement)).one()
        return Backlog(count, since)

    async def holds(self, notification_id: UUID) -> bool:
        """Whether this message is ours to send, now or later."""
        statement = sa.select(sa.exists().where(outgoing.c.notification_id == notification_id))
        return bool((await self._connection.execute(statement)).scalar_one())

    async def remove(self, notification_id: UUID) -> None:
        """Do not try this message any more."""
        await self._connection.execute(
            sa.delete(outgoing).where(outgoing.c.notification_id == notification_id)
        )
