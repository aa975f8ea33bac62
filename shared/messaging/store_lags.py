"""Measures how far relay and read models are behind, from the service's database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging.dead_letters.register import WAITING
from shared.messaging.publishing.relay import POSITION
from shared.observability.metrics import gauge
from shared.persistence.faults import translated
from shared.persistence.folding import Projection
from shared.persistence.projector import LAG, position_name
from shared.persistence.tables import DEAD_LETTERS, POSITIONS
from shared.persistence.tail import Tail

_WAITING = (
    sa.select(DEAD_LETTERS.c.consumer, sa.func.count()).where(WAITING).group_by(DEAD_LETTERS.c.consumer)
)


class StoreLags:
    """Measures the lag of relay and read models, and the dead letters, of one service."""

    def __init__(
        self,
        engine: AsyncEngine,
        tail: Tail,
        source: str,
        *,
        projections: Sequence[Projection],
        consumers: Sequence[str],
        relayed: bool,
    ) -> None:
        """:param consumers: the consumers whose dead letters are in this database.

        :param relayed: whether a relay publishes the facts; without one, its lag is not measured.
        """
        self._engine, self._tail, self._source = engine, tail, source
        self._projections, self._consumers, self._relayed = projections, consumers, relayed
        self._relay_lag = gauge("relay_lag", "Positions between the newest fact and the relay.", ("source",))
        self._relay_seconds = gauge(
            "relay_lag_seconds", "Age of the oldest fact that the relay has not come to.", ("source",)
        )
        self._dead_letters = gauge(
            "dead_letters_waiting", "Messages put aside, and not replayed or discarded yet.", ("consumer",)
        )

    async def measure(self) -> None:
        """Read the figures from the database.

        :raises StoreUnavailable: it is away.
        """
        reached, waiting = await self._asked()
        head = await self._tail.head()
        for projection in self._projections:
            behind = head - reached.get(position_name(projection), 0)
            LAG.labels(projection.name).set(max(0, behind))
        for consumer in self._consumers:
            self._dead_letters.labels(consumer).set(waiting.get(consumer, 0))
        if self._relayed:
            await self._measure_relay(reached.get(POSITION, 0), head)

    async def _measure_relay(self, position: int, head: int) -> None:
        age = 0.0
        if head > position:
            oldest = await self._tail.page(position, 1)
            age = max((_age(each.fact.timestamp) for each in oldest), default=0.0)
        self._relay_lag.labels(self._source).set(max(0, head - position))
        self._relay_seconds.labels(self._source).set(age)

    async def _asked(self) -> tuple[dict[str, int], dict[str, int]]:
        with translated():
            async with self._engine.connect() as connection:
                reached = await connection.execute(sa.select(POSITIONS.c.name, POSITIONS.c.position))
                waiting = await connection.execute(_WAITING)
                return {row[0]: row[1] for row in reached}, {row[0]: row[1] for row in waiting}


def _age(recorded_at: datetime) -> float:
    return max(0.0, (datetime.now(UTC) - recorded_at).total_seconds())
