"""The event store in memory: ``shared.kernel.store.Store`` and what an API asks of it, for unit tests.

Facts pass through the real codec, so that what a test reads is what the database would have given back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

from eventsourcing.domain import Aggregate
from eventsourcing.persistence import StoredEvent

from shared.kernel.store import Receipt, ReceiptExists, StreamMoved
from shared.kernel.trail import Trail
from shared.persistence.aggregates import aggregate_of
from shared.persistence.codec import Codec, Recorded

A = TypeVar("A", bound=Aggregate)


class MemoryStore:
    """Aggregates in, aggregates out; a save is all or nothing."""

    def __init__(self) -> None:
        # Of the next saves, how many somebody else is ahead of.
        self.races_to_lose = 0
        self.rows: list[StoredEvent] = []
        self.receipts: dict[tuple[str, str], Receipt] = {}
        self._codec = Codec()
        self._taken: set[tuple[str, int]] = set()

    async def load(self, kind: type[A], aggregate_id: UUID, *, version: int | None = None) -> A:
        await asyncio.sleep(0)  # as a database would, let others go first: races are real here too
        facts = (recorded.fact for recorded in await self.facts(aggregate_id, version=version))
        return aggregate_of(kind, aggregate_id, facts, version)

    async def save(self, *aggregates: Aggregate, receipt: Receipt | None = None) -> None:
        if self.races_to_lose:
            self.races_to_lose -= 1
            raise StreamMoved
        events = [self._codec.encode(fact) for each in aggregates for fact in each.collect_events()]
        keys = {(str(event.originator_id), event.originator_version) for event in events}
        if receipt is not None and (receipt.caller, receipt.key) in self.receipts:
            raise ReceiptExists
        if keys & self._taken or len(keys) < len(events):
            raise StreamMoved
        self._taken |= keys
        self.rows += events
        if receipt is not None:
            self.receipts[receipt.caller, receipt.key] = receipt

    def go_back_to(self, rows: int) -> None:
        """Forget what was stored after the first so many rows, and all receipts."""
        del self.rows[rows:]
        self._taken = {(str(event.originator_id), event.originator_version) for event in self.rows}
        self.receipts.clear()

    async def facts(self, aggregate_id: UUID, *, version: int | None = None) -> list[Recorded]:
        return [
            self._recorded(n, row)
            for n, row in enumerate(self.rows, start=1)
            if str(row.originator_id) == str(aggregate_id)
            and (version is None or row.originator_version <= version)
        ]

    async def trail_of(self, aggregate_id: UUID) -> Trail | None:
        return next((recorded.trail for recorded in await self.facts(aggregate_id, version=1)), None)

    async def find_receipt(self, caller: str, key: str) -> Receipt | None:
        return self.receipts.get((caller, key))

    def all_facts(self) -> Sequence[Recorded]:
        """Everything that was ever stored, in order."""
        return [self._recorded(n, row) for n, row in enumerate(self.rows, start=1)]

    def _recorded(self, position: int, row: StoredEvent) -> Recorded:
        return self._codec.recorded(
            position, row.topic, row.state, UUID(str(row.originator_id)), row.originator_version
        )
