"""What a service is behind with, as its own database tells it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging.consuming.feed import Delivery, Failure, MessagePlace
from shared.messaging.dead_letters.parking import DeadLetterParking
from shared.messaging.store_lags import StoreLags
from shared.observability.metrics import samples
from shared.persistence import positions
from shared.persistence.faults import StoreUnavailable
from shared.persistence.store import PostgresStore
from shared.persistence.tables import DEAD_LETTERS
from shared.persistence.tail import Tail
from tests.support.logbooks.event_store import EventStore
from tests.support.logbooks.logbook import a_logbook
from tests.support.logbooks.shelf_list import ShelfList

FAILURE = Failure("it was not to be", 5, datetime(2026, 11, 21, 12, tzinfo=UTC))


class Scene:
    """A service of which one projection, one consumer and a relay are watched."""

    def __init__(self, store: PostgresStore, tail: Tail, engine: AsyncEngine) -> None:
        self.store, self.tail, self.engine = store, tail, engine
        self.source, self.consumer = f"/{uuid4()}", f"{uuid4()}"
        self.lags = self.watching(relayed=True)

    def watching(self, *, relayed: bool) -> StoreLags:
        return StoreLags(
            self.engine,
            self.tail,
            self.source,
            projections=[ShelfList()],
            consumers=[self.consumer],
            relayed=relayed,
        )

    async def reached(self, follower: str, position: int) -> None:
        async with self.engine.begin() as connection:
            await positions.put(connection, follower, position)

    def figure(self, name: str, label: str) -> float | None:
        return dict(samples(name)).get((label,))


@pytest.fixture
async def scene(event_store: EventStore) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(event_store.store())
        tail = await stack.enter_async_context(event_store.tail())
        engine = await stack.enter_async_context(event_store.engine())
        yield Scene(store, tail, engine)


async def test_the_relay_is_behind_by_what_it_has_not_come_to_and_its_age(scene: Scene) -> None:
    await scene.store.save(a_logbook("Deck", "calm", "storm"))
    await scene.reached("relay", 1)
    await scene.lags.measure()
    assert (scene.figure("relay_lag_seconds", scene.source) or 0) > 0
    assert scene.figure("relay_lag", scene.source) == 2


async def test_a_relay_that_has_come_to_the_newest_fact_is_not_behind(scene: Scene) -> None:
    await scene.lags.measure()
    assert scene.figure("relay_lag", scene.source) == 0
    await scene.store.save(a_logbook("Deck"))
    await scene.reached("relay", 1)
    await scene.lags.measure()
    found = scene.figure("relay_lag", scene.source), scene.figure("relay_lag_seconds", scene.source)
    assert found == (0, 0)


async def test_where_nothing_is_relayed_no_relay_is_behind(scene: Scene) -> None:
    await scene.store.save(a_logbook("Deck"))
    await scene.watching(relayed=False).measure()
    assert scene.figure("relay_lag", scene.source) is None


async def test_a_read_model_is_behind_by_what_is_not_folded(scene: Scene) -> None:
    await scene.store.save(a_logbook("Deck", "calm", "storm"))
    await scene.reached(f"projection:{ShelfList.name}", 2)
    await scene.lags.measure()
    assert scene.figure("projection_lag", ShelfList.name) == 1


async def test_dead_letters_wait_until_they_are_replayed(scene: Scene) -> None:
    letters = DeadLetterParking(scene.engine, scene.consumer)
    for offset in (1, 2):
        await letters.keep(Delivery(MessagePlace("lines", 0, offset), None, "no", b"k", b"{}", ()), FAILURE)
    await scene.lags.measure()
    assert scene.figure("dead_letters_waiting", scene.consumer) == 2
    async with scene.engine.begin() as connection:
        await connection.execute(sa.update(DEAD_LETTERS).values(replayed_at=sa.func.now()))
    await scene.lags.measure()
    assert scene.figure("dead_letters_waiting", scene.consumer) == 0


async def test_a_database_that_is_away_is_said_to_who_measures(scene: Scene) -> None:
    await scene.engine.dispose()
    away = Tail("postgresql://nobody@127.0.0.1:1/none", "logbooks_events", scene.tail._codec)
    lags = StoreLags(scene.engine, away, scene.source, projections=[], consumers=[], relayed=True)
    with pytest.raises(StoreUnavailable):
        await lags.measure()
