"""One database transaction for everything that a message causes: its inbox row, events and other rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa
from eventsourcing.domain import Aggregate
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.kernel.store import Receipt, Store
from shared.kernel.trail import Trail
from shared.persistence import append_function
from shared.persistence.aggregates import aggregate_of
from shared.persistence.codec import Codec
from shared.persistence.faults import translated
from shared.persistence.tables import INBOX

A = TypeVar("A", bound=Aggregate)

_SEEN = insert(INBOX).on_conflict_do_nothing()


@dataclass(frozen=True)
class UnitOfWork:
    """What a handler works with: everything is committed when the handler returns, or nothing is."""

    connection: AsyncConnection
    store: Store


class UnitsOfWork:
    """Opens units on one service's database."""

    def __init__(self, engine: AsyncEngine, table: str, codec: Codec) -> None:
        self._engine, self._codec = engine, codec
        self._statements = _Statements(table)

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        """Open a transaction: it is committed at the end of the block and rolled back by an exception.

        :raises StoreUnavailable: the database is away, or asked to try again (deadlock, timeout).
        """
        with translated():
            connection = await self._engine.connect()
        try:
            # an OSError of a handler may come from another server than the database
            with translated(network=False):
                async with connection.begin():
                    yield UnitOfWork(connection, TransactionStore(connection, self._statements, self._codec))
        finally:
            await connection.close()

    @asynccontextmanager
    async def once(self, source: str, event_id: str, consumer: str) -> AsyncIterator[UnitOfWork | None]:
        """A unit for a message that this consumer sees for the first time; None if it was handled before.

        Of several simultaneous deliveries one gets the unit; the others wait for its commit and get None.
        """
        async with self.begin() as unit:
            mark = {"consumer": consumer, "source": source, "event_id": event_id}
            first = (await unit.connection.execute(_SEEN, mark)).rowcount == 1
            yield unit if first else None


class _Statements:
    """The SQL of one event table, prepared for SQLAlchemy's connection."""

    def __init__(self, table: str) -> None:
        self.table = table
        calls = ", ".join(f"cast(:{name} AS {kind}[])" for name, kind in append_function.ARGUMENTS)
        self.append = sa.text(f"SELECT {table}_append({calls})")
        self.select = sa.text(
            "SELECT topic, state, originator_version"  # noqa: S608 - our table's name, checked when it was made
            f" FROM {table} WHERE originator_id = :id"
            " AND originator_version <= coalesce(cast(:version AS bigint), 9223372036854775807)"
            " ORDER BY originator_version"
        )


class TransactionStore:
    """``Store`` inside a unit: what it saves becomes visible with the unit's commit."""

    def __init__(self, connection: AsyncConnection, statements: _Statements, codec: Codec) -> None:
        self._connection, self._statements, self._codec = connection, statements, codec

    async def load(self, kind: type[A], aggregate_id: UUID, *, version: int | None = None) -> A:
        """The aggregate as of its newest (or the given) version, with what this unit saved.

        :raises StreamUnknown: no events under this id, another kind of aggregate, or no such version yet.
        """
        rows = await self._connection.execute(
            self._statements.select, {"id": aggregate_id, "version": version}
        )
        facts = (self._codec.decode(topic, state, aggregate_id, n) for topic, state, n in rows)
        return aggregate_of(kind, aggregate_id, facts, version)

    async def trail_of(self, aggregate_id: UUID) -> Trail | None:
        """The request that led to the first fact of a stream; None if none did, or there is no stream."""
        rows = await self._connection.execute(self._statements.select, {"id": aggregate_id, "version": 1})
        first = rows.first()
        return self._codec.recorded(0, first[0], first[1], aggregate_id, first[2]).trail if first else None

    async def save(self, *aggregates: Aggregate, receipt: Receipt | None = None) -> None:
        """Store within the unit. Other writers then wait until the unit ends, so save as late as possible.

        A refused save leaves the unit usable: load again and decide again.

        :raises StreamMoved: another writer appended to one of the streams first.
        :raises ReceiptExists: the receipt's key was used before by this caller.
        """
        events = [self._codec.encode(fact) for each in aggregates for fact in each.collect_events()]
        if not events and receipt is None:
            return
        values = append_function.columns(events, [receipt] if receipt else [])
        arguments = {
            name: column for (name, _), column in zip(append_function.ARGUMENTS, values, strict=True)
        }
        try:
            async with self._connection.begin_nested():
                await self._connection.execute(self._statements.append, arguments)
        except IntegrityError as error:
            raise append_function.refusal(error.driver_exception, self._statements.table) or error from error
