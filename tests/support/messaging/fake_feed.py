# ruff: noqa: ARG002 - fakes take what their ports take
"""A feed and an inbox in memory, for what a consumer makes of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import cast

from sqlalchemy.ext.asyncio import AsyncConnection

from shared.contracts.envelope import CloudEvent
from shared.kernel.store import Store
from shared.messaging.consuming.feed import Delivery, Failure, MessagePlace
from shared.persistence.unit_of_work import UnitOfWork

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def an_event(number: int, kind: str = "tests.line.written.v1") -> CloudEvent:
    return CloudEvent(
        f"book.{number}", "/logbooks", kind, NOON, "book", "book", number, {"line": str(number)}
    )


def delivered(event: CloudEvent | None, *, offset: int = 0, problem: str | None = None) -> Delivery:
    return Delivery(
        MessagePlace("lines", 0, event.sequence if event else offset), event, problem, b"book", b"{}", ()
    )


class FakeFeed:
    """Brings its batches one by one, then asks the consumer to stop."""

    def __init__(self, *batches: Sequence[Delivery], stop: asyncio.Event) -> None:
        self._batches = list(batches)
        self._stop = stop
        self.finished: list[int] = []
        self.parked: dict[int, Failure] = {}
        self.closed = False
        self.stand_behind: dict[str, int] = {}
        self.trouble: list[Exception] = []  # raised by the next calls, whichever they are

    async def poll(self, wait: float) -> Sequence[Delivery]:
        self._meet_trouble()
        if not self._batches:
            self._stop.set()
            return ()
        return self._batches.pop(0)

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        self._meet_trouble()
        self.finished.extend(delivery.place.offset for delivery in deliveries)

    async def park(self, delivery: Delivery, failure: Failure) -> None:
        self._meet_trouble()
        self.parked[delivery.place.offset] = failure

    async def behind(self) -> Mapping[str, int]:
        return self.stand_behind

    async def close(self) -> None:
        self.closed = True

    def _meet_trouble(self) -> None:
        if self.trouble:
            raise self.trouble.pop(0)


class FakeInbox:
    """Remembers what was committed, and may be away for a while."""

    def __init__(self, *seen: str) -> None:
        self.seen = set(seen)
        self.trouble: list[Exception] = []

    @asynccontextmanager
    async def once(self, source: str, event_id: str, consumer: str) -> AsyncIterator[UnitOfWork | None]:
        if self.trouble:
            raise self.trouble.pop(0)
        if event_id in self.seen:
            yield None
            return
        yield UnitOfWork(cast("AsyncConnection", None), cast("Store", None))
        self.seen.add(event_id)
