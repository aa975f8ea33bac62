"""A consumer of lines whose effects are rows, in the database of the logbooks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import sqlalchemy as sa

from shared.contracts.envelope import CloudEvent
from shared.messaging.consuming.consumer import Consumer
from shared.messaging.consuming.feed import Feed
from shared.persistence.back_off import BackOff
from shared.persistence.codec import Codec
from shared.persistence.unit_of_work import UnitOfWork, UnitsOfWork
from tests.support.logbooks.chronicle import LineWritten
from tests.support.logbooks.event_store import EventStore

QUICK = BackOff(first=0.01, most=0.1)


class Readers:
    """Every line is an effect, once; a line ``poison`` can never be read."""

    def __init__(self, event_store: EventStore, name: str = "readers") -> None:
        self._event_store, self._name = event_store, name
        event_store.rows("CREATE TABLE IF NOT EXISTS effects (id serial PRIMARY KEY, line text, member text)")

    @asynccontextmanager
    async def following(self, feed: Feed, member: str = "one") -> AsyncIterator[None]:
        """One process of the consumer, stopped at the end of the block."""

        async def read_line(event: CloudEvent, unit: UnitOfWork) -> None:
            line = LineWritten.model_validate(event.data).line
            insert = sa.text("INSERT INTO effects (line, member) VALUES (:line, :member)")
            await unit.connection.execute(insert, {"line": line, "member": member})
            if line == "poison":
                raise KeyError("poison")

        stop = asyncio.Event()
        async with self._event_store.engine() as engine:
            units = UnitsOfWork(engine, self._event_store.table, Codec())
            consumer = Consumer(self._name, feed, units, {LineWritten.TYPE: read_line}, back_off=QUICK)
            task = asyncio.create_task(consumer.run(stop))
            try:
                yield
            finally:
                stop.set()
                await task

    def lines(self) -> list[str]:
        """What took effect, in its order."""
        return [row[0] for row in self._event_store.rows("SELECT line FROM effects ORDER BY id")]

    def members(self) -> set[str]:
        """Which processes had a part in it."""
        return {row[0] for row in self._event_store.rows("SELECT DISTINCT member FROM effects")}

    async def have_read(self, *lines: str) -> bool:
        assert sorted(self.lines()) == sorted(lines)
        return True
