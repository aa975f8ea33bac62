"""The store of an API process: reads through a pool, writes through the appender."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID

import asyncpg
from eventsourcing.domain import Aggregate

from shared.kernel.store import Receipt
from shared.kernel.trail import Trail
from shared.persistence.aggregates import aggregate_of
from shared.persistence.append_function import find_receipt
from shared.persistence.appender import Appender
from shared.persistence.codec import Codec, Recorded
from shared.persistence.faults import translated

A = TypeVar("A", bound=Aggregate)


class PostgresStore:
    """``shared.kernel.store.Store`` over the library's event table."""

    def __init__(
        self, appender: Appender, pool: asyncpg.Pool[asyncpg.Record], table: str, codec: Codec
    ) -> None:
        self._appender, self._pool, self._codec = appender, pool, codec
        self._select = select_sql(table)

    async def load(self, kind: type[A], aggregate_id: UUID, *, version: int | None = None) -> A:
        """The aggregate as of its newest (or the given) version.

        :raises StreamUnknown: no events under this id, another kind of aggregate, or no such version yet.
        :raises StoreUnavailable: the database is away.
        """
        facts = await self.facts(aggregate_id, version=version)
        return aggregate_of(kind, aggregate_id, (recorded.fact for recorded in facts), version)

    async def facts(self, aggregate_id: UUID, *, version: int | None = None) -> list[Recorded]:
        """All facts of an aggregate, in order, up to the given version; empty if there are none.

        :raises StoreUnavailable: the database is away.
        """
        with translated():
            rows = await self._pool.fetch(self._select, aggregate_id, version)
        recorded = self._codec.recorded
        return [recorded(row[0], row[1], row[2], aggregate_id, row[3]) for row in rows]

    async def save(self, *aggregates: Aggregate, receipt: Receipt | None = None) -> None:
        """Store all pending events of all aggregates and the receipt, or nothing.

        :raises StreamMoved: another writer appended to one of the streams first.
        :raises ReceiptExists: the receipt's key was used before by this caller.
        :raises QueueFull: too many saves wait.
        :raises StoreUnavailable: the database is away; the save may have been stored.
        """
        events = [self._codec.encode(fact) for each in aggregates for fact in each.collect_events()]
        await self._appender.append(events, receipt)

    async def trail_of(self, aggregate_id: UUID) -> Trail | None:
        """The request that led to the first fact of a stream; None if none did, or there is no stream.

        :raises StoreUnavailable: the database is away.
        """
        first = await self.facts(aggregate_id, version=1)
        return first[0].trail if first else None

    async def find_receipt(self, caller: str, key: str) -> Receipt | None:
        """The answer that this caller was given under this ``Idempotency-Key``.

        :raises StoreUnavailable: the database is away.
        """
        with translated():
            return await find_receipt(self._pool, caller, key)


def select_sql(table: str) -> str:
    """The SQL to read a stream in order: ``$1`` is the aggregate's id, ``$2`` the last version or null."""
    return (
        "SELECT notification_id, topic, state, originator_version"  # noqa: S608 - our table's name, checked when it was made
        f" FROM {table} WHERE originator_id = $1"
        " AND originator_version <= coalesce($2::bigint, 9223372036854775807) ORDER BY originator_version"
    )
