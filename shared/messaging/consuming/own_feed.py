"""A service's own events as a feed, so that it can react to them as to those of others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging.cloud_events import to_record
from shared.messaging.consuming.cursor import Cursor
from shared.messaging.consuming.feed import Delivery, Failure, MessagePlace
from shared.messaging.dead_letters.parking import DeadLetterParking
from shared.messaging.publishing.outgoing import Outbound, published_event
from shared.persistence.codec import Recorded
from shared.persistence.tail import Tail

PAGE = 200  # facts read at once


class OwnFeed:
    """The service's event table through its own outbound mapping; the position is kept in ``positions``.

    ``poll`` raises ``StoreUnavailable`` while the database is away: it is this consumer's own database.
    """

    def __init__(
        self, tail: Tail, engine: AsyncEngine, outbound: Outbound, source: str, consumer: str
    ) -> None:
        self._tail, self._outbound, self._source = tail, outbound, source
        self._cursor = Cursor(engine, consumer, source)
        self._dead_letters = DeadLetterParking(engine, consumer)

    async def poll(self, wait: float) -> Sequence[Delivery]:
        """The next public events in order; empty when the next facts are not public, or after ``wait``."""
        after = await self._cursor.read_to()
        facts = await self._tail.next_page(after, PAGE, wait)
        deliveries = [delivery for fact in facts if (delivery := self._delivery(fact)) is not None]
        if facts:
            await self._cursor.took(deliveries, facts[-1].position)
        return deliveries

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """Move the position forward."""
        await self._cursor.done(deliveries)

    async def park(self, delivery: Delivery, failure: Failure) -> None:
        """Keep it in ``dead_letters``."""
        await self._dead_letters.keep(delivery, failure)

    async def behind(self) -> Mapping[str, int]:
        """Positions that are not read yet."""
        after = await self._cursor.read_to()
        return {self._source: max(0, await self._tail.head() - after)}

    async def close(self) -> None:
        """Do nothing: the tail belongs to the process."""

    def _delivery(self, recorded: Recorded) -> Delivery | None:
        event = published_event(recorded, self._outbound, self._source)
        if event is None:
            return None
        place = MessagePlace(self._source, 0, recorded.position)
        record = to_record(event, self._source)
        return Delivery(place, event, None, record.key, record.value, record.headers)
