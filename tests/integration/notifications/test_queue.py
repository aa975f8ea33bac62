"""The queue between transactions: leases, and senders at the same moment."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifications.bootstrap import NOTIFICATIONS
from services.notifications.read_model.outgoing import OutgoingQueue
from shared.persistence.engine import async_engine
from tests.support.eventually import eventually
from tests.support.servers.postgres import migrate

NOON = datetime(2019, 4, 12, 19, 0, tzinfo=UTC)
MAILS = [UUID(int=n) for n in range(100)]


@asynccontextmanager
async def filled(database: str) -> AsyncIterator[AsyncEngine]:
    await asyncio.to_thread(migrate, database, NOTIFICATIONS.package)
    engine = async_engine(database)
    async with engine.begin() as connection:
        for mail in MAILS:
            await OutgoingQueue(connection).put(mail, NOON)
    yield engine
    await engine.dispose()


async def claim(engine: AsyncEngine, limit: int, lease: timedelta) -> list[UUID]:
    async with engine.begin() as connection:
        return list(await OutgoingQueue(connection).claim(NOON, limit, lease))


async def test_senders_at_the_same_moment_take_different_mails_and_nobody_waits(database: str) -> None:
    async with filled(database) as engine, asyncio.timeout(10):
        async with engine.begin() as slow:
            held = await OutgoingQueue(slow).claim(NOON, 20, timedelta(minutes=1))
            others = await asyncio.gather(*(claim(engine, 20, timedelta(minutes=1)) for _ in range(4)))
        taken = [mail for burst in (held, *others) for mail in burst]
    assert sorted(taken) == MAILS


async def test_a_lease_that_ran_out_is_taken_over(database: str) -> None:
    async with filled(database) as engine:
        await claim(engine, 100, timedelta(milliseconds=200))
        assert await claim(engine, 100, timedelta(minutes=1)) == []

        async def taken_over() -> bool:
            return await claim(engine, 100, timedelta(minutes=1)) == MAILS

        await eventually(taken_over)


async def test_a_sender_that_dies_while_it_claims_holds_nothing(database: str) -> None:
    async with filled(database) as engine:
        async with engine.connect() as dying:
            await OutgoingQueue(dying).claim(NOON, 100, timedelta(minutes=1))
            await dying.rollback()
        assert await claim(engine, 100, timedelta(minutes=1)) == MAILS
