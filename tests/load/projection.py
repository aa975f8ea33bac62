"""Folding a read model: one fact a transaction, in pages, and a rebuild, over the same facts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from types import TracebackType
from typing import Self

import uvloop
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.persistence import positions
from shared.persistence.codec import Codec
from shared.persistence.folding import Fold
from shared.persistence.projector import Projector, position_name
from shared.persistence.rebuild import rebuild
from shared.persistence.tail import Tail
from tests.load.append import Databases
from tests.support.logbooks.event_store import EventStore, lay_plumbing
from tests.support.logbooks.logbook import a_logbook
from tests.support.logbooks.shelf_list import SHELF_LIST, ShelfList

BOOKS = 8_000  # of 6 facts each
ONE_BY_ONE = 1_500  # facts; more of them would only take longer


class Projection:
    """Facts a second: ``one_by_one``, ``catch_up``, ``rebuild``."""

    def __init__(self, databases: Databases) -> None:
        self._databases = databases

    def __enter__(self) -> Self:
        url = self._databases.new_database()
        lay_plumbing(url)
        self._store = EventStore(url)
        _run(self._fill())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store.run("DROP TABLE shelf_list")

    def round(self) -> dict[str, float]:
        """Each way from an empty table."""
        return {
            "one_by_one": _run(self._one_by_one()),
            "catch_up": _run(self._catch_up()),
            "rebuild": _run(self._rebuild()),
        }

    async def _fill(self) -> None:
        codec = Codec()
        async with self._store.appender() as appender, self._store.engine() as engine:
            for _ in range(BOOKS // 100):
                books = [a_logbook("Deck", "calm", "storm", "fog", "calm", "port") for _ in range(100)]
                await appender.append([codec.encode(e) for book in books for e in book.collect_events()])
            async with engine.begin() as connection:
                await connection.run_sync(SHELF_LIST.metadata.create_all)
        self._store.run("ANALYZE logbooks_events")

    def _empty(self) -> None:
        self._store.run("TRUNCATE shelf_list, positions")

    async def _one_by_one(self) -> float:
        self._empty()
        async with self._store.engine() as engine, self._store.tail() as tail:
            started = time.perf_counter()
            await fold_one_by_one(engine, tail, ShelfList(), ONE_BY_ONE)
            return ONE_BY_ONE / (time.perf_counter() - started)

    async def _catch_up(self) -> float:
        self._empty()
        async with self._store.engine() as engine, self._store.tail() as tail:
            started = time.perf_counter()
            folded = await Projector(engine, tail, ShelfList()).catch_up()
            return folded / (time.perf_counter() - started)

    async def _rebuild(self) -> float:
        async with self._store.engine() as engine, self._store.tail() as tail:
            started = time.perf_counter()
            folded = await rebuild(engine, tail, ShelfList(), progress=lambda *_: None)
            return folded / (time.perf_counter() - started)


async def fold_one_by_one(engine: AsyncEngine, tail: Tail, projection: ShelfList, facts: int) -> None:
    """The plain way: each fact its own transaction of select, upsert and position."""
    fold, name = Fold(projection), position_name(projection)
    for recorded in await tail.page(0, facts):
        async with engine.begin() as connection:
            await fold.page(connection, [recorded])
            await positions.put(connection, name, recorded.position)


def _run(work: Coroutine[object, object, float | None]) -> float:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work) or 0.0
