"""Publishes the event table to Kafka, in its order (ADR 0004: the event store is the outbox).

    page of facts --outbound--> records --send--> contiguous acknowledged prefix --> position "relay"

Events are delivered at least once: after a crash between the acknowledgement and the position, the same facts
are sent again with the same ``ce_id``. One relay per event table is active, by a session lock of PostgreSQL;
the others stand by. The position is written over the connection that holds the lock, so a relay that has lost
the lock cannot move the position. The relay gives up its lock while another process republishes
(``publisher_lock``).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.messaging.kafka.client import DETERMINISTIC, KafkaError
from shared.messaging.kafka.cluster import At, why
from shared.messaging.kafka.producer import Outlet, Publisher, Sent
from shared.messaging.publishing import publisher_lock
from shared.messaging.publishing.batch import Batch, batch_of
from shared.messaging.publishing.outgoing import Outbound
from shared.observability.metrics import counter, gauge
from shared.persistence import positions
from shared.persistence.back_off import FailureStreak, pause
from shared.persistence.engine import kept_open
from shared.persistence.faults import StoreUnavailable, translated
from shared.persistence.tail import Tail

POSITION = publisher_lock.RELAY
PAGE = 500  # facts on their way at once
IDLE = 1.0  # seconds to wait for facts; how long a stop may take when there are none
STANDBY = 1.0  # seconds after which a relay that stands by tries again to take the lock
LOOK = 1.0  # seconds between two checks whether another process republishes
# refusals of one record, sent alone and by a new producer each time, after which the relay ends
STRIKES = 2

log = structlog.get_logger(__name__)


class Unpublishable(Exception):  # noqa: N818 - says what is so
    """The fact at this position can never be published; the relay ends, because later ones must wait."""

    def __init__(self, position: int, error: KafkaError) -> None:
        super().__init__(f"position {position}: {error}")
        self.position = position


class Relay:
    """Publishes one service's facts to its topic."""

    def __init__(
        self,
        source: str,
        topic: str,
        tail: Tail,
        outbound: Outbound,
        bootstrap: At,
        engine: AsyncEngine,
        *,
        outlet: Outlet | None = None,
    ) -> None:
        """:param outlet: where to send instead of the cluster at ``bootstrap``; for tests."""
        self._source, self._topic, self._tail, self._outbound = source, topic, tail, outbound
        self._outlet = outlet or Publisher(bootstrap, f"stairs-relay{source.replace('/', '-')}")
        self._engine = engine
        self._streak = FailureStreak()
        self._alone_until, self._strikes = 0, 0
        self._published = counter("events_published", "Events acknowledged by the cluster.", ("source",))
        self._failed = counter("relay_failures", "Attempts to publish that did not succeed.", ("source",))
        self._position = gauge("relay_position", "Position up to which everything is published.", ("source",))

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until ``stop``.

        :raises Unpublishable: a record is refused for good.
        """
        try:
            while not stop.is_set():
                try:
                    await self._lead_when_possible(stop)
                except StoreUnavailable as error:
                    await self._fail(error, stop)
        finally:
            await self._outlet.close()

    async def _lead_when_possible(self, stop: asyncio.Event) -> None:
        async with self._leadership() as connection:
            if connection is not None:
                await self._lead(connection, stop)
        if not stop.is_set():
            await pause(stop, STANDBY)

    @asynccontextmanager
    async def _leadership(self) -> AsyncIterator[AsyncConnection | None]:
        """The connection that holds the lock, or None while another relay holds it."""
        with translated():
            connection = await self._engine.connect()
        leads = False
        try:
            with translated():
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                unclaimed = await publisher_lock.is_free(connection, publisher_lock.REPUBLISH)
                leads = unclaimed and await publisher_lock.take(connection, publisher_lock.RELAY)
                if leads:
                    await kept_open(connection)
            yield connection if leads else None
        finally:
            if leads:
                await connection.invalidate()  # ends the session and with it the lock
            await connection.close()

    async def _lead(self, connection: AsyncConnection, stop: asyncio.Event) -> None:
        with translated():
            position = await positions.get(connection, POSITION)
        log.info("relay_leads", source=self._source, position=position)
        looked_at = time.monotonic()
        while not stop.is_set():
            if time.monotonic() - looked_at > LOOK:
                with translated():
                    if not await publisher_lock.is_free(connection, publisher_lock.REPUBLISH):
                        log.info("relay_steps_back", source=self._source, position=position)
                        return
                looked_at = time.monotonic()
            limit = 1 if position < self._alone_until else PAGE
            facts = await self._tail.next_page(position, limit, IDLE)
            if facts:
                batch = batch_of(facts, position, self._outbound, self._topic, self._source)
                position = await self._publish(batch, connection, stop)

    async def _publish(self, batch: Batch, connection: AsyncConnection, stop: asyncio.Event) -> int:
        """Send a batch and record the new position; returns it."""
        sent = await self._outlet.send(batch.records) if batch.records else Sent(0)
        position = batch.settled(sent.acknowledged)
        if position > batch.start:
            with translated():
                await positions.put(connection, POSITION, position)
            self._published.labels(self._source).inc(sent.acknowledged)
            self._position.labels(self._source).set(position)
        if sent.error is None:
            self._streak.succeeded()
            self._strikes = 0
        else:
            self._judge(sent.error, batch, sent.acknowledged)
            await self._fail(sent.error, stop)
        return position

    def _judge(self, error: KafkaError, batch: Batch, acknowledged: int) -> None:
        """Send a batch with a refused record one by one from now on, to find the record that is refused.

        :raises Unpublishable: one record was refused twice, sent alone and by a new producer each time.
        """
        if not isinstance(error, DETERMINISTIC):
            return
        if len(batch.records) > 1:
            self._alone_until, self._strikes = batch.end, 0
            return
        self._alone_until = max(self._alone_until, batch.end)
        self._strikes += 1
        if self._strikes == STRIKES:
            raise Unpublishable(batch.positions[acknowledged], error)

    async def _fail(self, error: Exception, stop: asyncio.Event) -> None:
        self._failed.labels(self._source).inc()
        if self._streak.failed():
            log.warning("relay_waits", source=self._source, error=why(error))
        await self._streak.wait(stop)
