"""A pool that was busy once keeps no connections that nobody needs, and does not stumble over closed ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.persistence.engine import async_engine, driver_url, kept_open
from tests.support.eventually import eventually

BUSY = 6  # connections at once
SESSIONS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'stairs'"
)


@pytest_asyncio.fixture
async def engine(database: str) -> AsyncIterator[AsyncEngine]:
    made = async_engine(database, idle=0.5)
    yield made
    await made.dispose()


def sessions(url: str) -> int:
    with psycopg.connect(driver_url(url), autocommit=True) as connection:
        row = connection.execute(SESSIONS.encode()).fetchone()
    return int(row[0]) if row else 0


async def busy(engine: AsyncEngine) -> None:
    """Use that many connections at once."""
    together = asyncio.Barrier(BUSY)

    async def use() -> None:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
            await together.wait()

    await asyncio.gather(*(use() for _ in range(BUSY)))


async def test_what_a_busy_moment_opened_is_closed_again_and_the_next_moment_is_served(
    engine: AsyncEngine, database: str
) -> None:
    await busy(engine)
    assert sessions(database) == BUSY

    async def quiet() -> bool:
        return sessions(database) == 0

    assert await eventually(quiet, within=30)
    await busy(engine)


async def test_a_session_that_holds_locks_is_spared(engine: AsyncEngine, database: str) -> None:
    async with engine.connect() as holder:
        await holder.execution_options(isolation_level="AUTOCOMMIT")
        await kept_open(holder)
        await holder.execute(text("SELECT pg_advisory_lock(7)"))
        await busy(engine)

        async def only_the_holder() -> bool:
            return sessions(database) == 1

        assert await eventually(only_the_holder, within=30)
        assert await holder.scalar(text("SELECT pg_advisory_unlock(7)"))
        await holder.invalidate()
