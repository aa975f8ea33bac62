"""Messages that could not be handled: the row in the consumer's database, and the headers that say why."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging.consuming.feed import Delivery, Failure
from shared.messaging.kafka.client import Headers
from shared.persistence.faults import translated
from shared.persistence.tables import DEAD_LETTERS

LONGEST_REASON = 500  # characters


def plain(text: str) -> str:
    """Text that PostgreSQL can hold: no NUL, no half of a surrogate pair."""
    return text.replace("\0", "\\0").encode("utf-8", "backslashreplace").decode()


def reasons(delivery: Delivery, failure: Failure, consumer: str) -> Headers:
    """The headers that a dead letter carries besides its own."""
    place = delivery.place
    told = {
        "dlq_topic": place.stream,
        "dlq_partition": str(place.partition),
        "dlq_offset": str(place.offset),
        "dlq_consumer": consumer,
        "dlq_error": plain(failure.reason)[:LONGEST_REASON],
        "dlq_attempts": str(failure.attempts),
        "dlq_first_failed_at": failure.first_failed_at.isoformat().replace("+00:00", "Z"),
    }
    return tuple((name, value.encode()) for name, value in told.items())


class DeadLetterParking:
    """One consumer's rows in ``dead_letters``; a message that is parked twice has one row."""

    def __init__(self, engine: AsyncEngine, consumer: str) -> None:
        self._engine, self._consumer = engine, consumer

    async def hold(self, delivery: Delivery) -> bool:
        """Whether the message is kept already and waits.

        :raises StoreUnavailable: the database is away.
        """
        with translated():
            async with self._engine.connect() as connection:
                found = await connection.scalar(
                    sa.select(sa.literal(1)).where(*self._this(delivery)).limit(1)
                )
        return found is not None

    async def keep(self, delivery: Delivery, failure: Failure) -> None:
        """Write the row, unless it exists.

        :raises StoreUnavailable: the database is away.
        """
        if await self.hold(delivery):
            return
        event = delivery.event
        row = {
            "consumer": self._consumer,
            "source": event.source if event else delivery.place.stream,
            "event_id": event.id if event else None,
            "place": str(delivery.place),
            "headers": {
                plain(name): plain(value.decode("utf-8", "replace")) for name, value in delivery.headers
            },
            "value": delivery.value,
            "reason": plain(failure.reason)[:LONGEST_REASON],
            "attempts": failure.attempts,
        }
        with translated():
            async with self._engine.begin() as connection:
                await connection.execute(sa.insert(DEAD_LETTERS).values(row))

    def _this(self, delivery: Delivery) -> tuple[sa.ColumnElement[bool], ...]:
        return (
            DEAD_LETTERS.c.consumer == self._consumer,
            DEAD_LETTERS.c.place == str(delivery.place),
            DEAD_LETTERS.c.replayed_at.is_(None),
        )
