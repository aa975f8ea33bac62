"""Connections that stay and say nothing (half-open) cost one short question, not one long wait each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.persistence import engine as engines
from shared.persistence.codec import Codec
from shared.persistence.engine import async_engine, driver_url, open_pool
from shared.persistence.faults import StoreUnavailable
from shared.persistence.unit_of_work import UnitsOfWork
from tests.support.faults.fault_proxy import Address, FaultProxy, proxies
from tests.support.servers.ports import free_port

MANY = 5


@pytest.fixture
def proxy(database: str) -> Iterator[FaultProxy]:
    target = {key: str(value) for key, value in conninfo_to_dict(driver_url(database)).items()}
    host, port = target["host"], target.get("port", "5432")
    there: Address = Path(host) / f".s.PGSQL.{port}" if host.startswith("/") else (host, int(port))
    with proxies() as opened:
        yield opened.open(("127.0.0.1", free_port()), there)


@pytest.fixture
def url(database: str, proxy: FaultProxy) -> str:
    target = {key: str(value) for key, value in conninfo_to_dict(driver_url(database)).items()}
    user, password = quote(target.get("user", "postgres")), quote(target.get("password", ""))
    assert not isinstance(proxy.at, Path)
    return f"postgresql://{user}:{password}@127.0.0.1:{proxy.at[1]}/{target['dbname']}"


async def answer(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int(await connection.scalar(sa.text("SELECT 1 FROM pg_sleep(0.1)")) or 0)


async def test_an_engine_whose_connections_fell_silent_opens_new_ones_and_fails_nobody(
    url: str, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "PING_TIMEOUT", 0.5)
    engine = async_engine(url, size=MANY)
    await asyncio.gather(*(answer(engine) for _ in range(MANY)))
    await asyncio.to_thread(proxy.silence)
    await asyncio.to_thread(proxy.heal)
    assert await asyncio.gather(*(answer(engine) for _ in range(MANY))) == [1] * MANY
    await engine.dispose()


async def test_a_pool_whose_connections_fell_silent_fails_who_asks_first_and_nobody_after(
    url: str, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "PING_TIMEOUT", 0.5)
    monkeypatch.setattr(engines, "QUIET", 0.0)
    pool = await open_pool(url, size=MANY)
    sleep = "SELECT 1 FROM pg_sleep(0.1)"
    await asyncio.gather(*(pool.fetchval(sleep) for _ in range(MANY)))
    await asyncio.to_thread(proxy.silence)
    await asyncio.to_thread(proxy.heal)
    with pytest.raises(TimeoutError):
        await pool.fetchval(sleep)
    assert await asyncio.gather(*(pool.fetchval(sleep) for _ in range(MANY))) == [1] * MANY
    pool.terminate()


@pytest.mark.parametrize("at", ["statement", "commit"])
async def test_a_wire_that_falls_silent_in_mid_transaction_is_the_databases_trouble(
    at: str, url: str, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the message's: five of these would have parked it; a request was told 500. And it is said once."""
    monkeypatch.setattr(engines, "COMMAND_TIMEOUT", 4.0)
    engine = async_engine(url, size=1)
    loop = asyncio.get_running_loop()
    fell_silent = 0.0

    async def work() -> None:
        nonlocal fell_silent
        async with UnitsOfWork(engine, "some_events", Codec()).begin() as unit:
            await unit.connection.scalar(sa.text("SELECT 1"))
            await asyncio.to_thread(proxy.silence)
            await asyncio.to_thread(proxy.heal)
            fell_silent = loop.time()
            if at == "statement":
                await unit.connection.scalar(sa.text("SELECT 1"))

    with pytest.raises(StoreUnavailable):
        await work()
    assert loop.time() - fell_silent < 7.5  # one COMMAND_TIMEOUT and two seconds to hang up; no second one
    assert await answer(engine) == 1
    await engine.dispose()
