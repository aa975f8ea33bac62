"""Dead letters of a consumer of lines whose handler is broken until somebody mends it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.chassis import dead_letters
from shared.contracts.envelope import CloudEvent
from shared.messaging.consuming.consumer import Consumer
from shared.messaging.consuming.feed import Feed
from shared.persistence.codec import Codec
from shared.persistence.unit_of_work import UnitOfWork, UnitsOfWork
from tests.support.logbooks.chronicle import LineWritten
from tests.support.logbooks.event_store import EventStore
from tests.support.messaging.readers import QUICK


@dataclass
class Office:
    """The database of the consumer, its handler, and the verb with which its letters are seen to."""

    event_store: EventStore
    engine: AsyncEngine
    capsys: pytest.CaptureFixture[str]
    consumer: str
    bootstrap: str | None = None
    broken: bool = True
    read: list[str] = field(default_factory=list)

    async def _read_line(self, event: CloudEvent, unit: UnitOfWork) -> None:
        line = LineWritten.model_validate(event.data).line
        await unit.connection.execute(sa.text("INSERT INTO effects (line) VALUES (:line)"), {"line": line})
        if self.broken and line.startswith("curse"):
            raise KeyError("broken")

    @property
    def _handlers(self) -> dict[str, Any]:
        return {LineWritten.TYPE: self._read_line}

    @property
    def _units(self) -> UnitsOfWork:
        return UnitsOfWork(self.engine, self.event_store.table, Codec())

    @asynccontextmanager
    async def following(self, feed: Feed) -> AsyncIterator[None]:
        """The consumer at work."""
        stop = asyncio.Event()
        consumer = Consumer(self.consumer, feed, self._units, self._handlers, attempts=2, back_off=QUICK)
        task = asyncio.create_task(consumer.run(stop))
        try:
            yield
        finally:
            stop.set()
            await task

    async def asked(self, *words: str) -> tuple[int, list[dict[str, Any]]]:
        """What ``python -m services.… dead-letters …`` answers: its exit code and its lines."""
        office = dead_letters.DeadLetterOffice(
            self.engine, self._units, {self.consumer: self._handlers}, self.bootstrap
        )
        self.capsys.readouterr()
        code = await dead_letters.see_to(office, _verb(*words), as_json=True)
        said = self.capsys.readouterr().out.splitlines()
        return code, [orjson.loads(line) for line in said if line.startswith('{"number"')]  # else a log's

    def effects(self) -> list[str]:
        return [row[0] for row in self.event_store.rows("SELECT line FROM effects ORDER BY id")]

    async def waiting(self, count: int) -> bool:
        return len((await self.asked("list"))[1]) == count

    async def done(self, *lines: str) -> bool:
        assert self.effects() == list(lines)
        return True


def _verb(verb: str, *words: str) -> dead_letters.See:
    match verb, words:
        case "list", ():
            return dead_letters.list_waiting
        case "list", ("discarded",):
            return dead_letters.list_discarded
        case "show", (number,):
            return partial(dead_letters.show, number=int(number))
        case "replay", numbers:
            return partial(dead_letters.replay, numbers=[int(number) for number in numbers])
        case "discard", (number, reason, *by):
            return partial(dead_letters.discard, number=int(number), reason=reason, by=by[0] if by else None)
    raise AssertionError(verb, words)


@asynccontextmanager
async def dead_letter_office(
    event_store: EventStore, capsys: pytest.CaptureFixture[str], consumer: str, bootstrap: str | None = None
) -> AsyncIterator[Office]:
    event_store.run("CREATE TABLE effects (id serial PRIMARY KEY, line text)")
    async with event_store.engine() as engine:
        yield Office(event_store, engine, capsys, consumer, bootstrap)
