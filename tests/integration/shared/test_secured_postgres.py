"""PostgreSQL over TLS by its address alone, for each of the drivers that read it.

The embedded server is built without SSL, so the TLS is that of a front before it.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, quote, urlsplit

import psycopg
import pytest
import sqlalchemy as sa

from shared.persistence.engine import async_engine, connect, driver_url, open_pool
from tests.support.servers.certificates import Authority
from tests.support.servers.tls_front import Reach, tls_before

Way = Callable[[str], Awaitable[int]]
FULL = "sslmode=verify-full&sslrootcert="


@pytest.fixture
async def address(database: str, tmp_path: Path) -> AsyncIterator[str]:
    """Of a database behind TLS, without its query; ``ca.pem`` vouches for it."""
    parts = urlsplit(database)
    cert_file, key_file = Authority(tmp_path / "authority").issue("postgres", "localhost")
    async with tls_before(line_to(parts), cert_file, key_file) as port:
        yield f"postgresql://{parts.netloc.rpartition('@')[0]}@localhost:{port}{parts.path}"


def line_to(server: SplitResult) -> Reach:
    """How to get to it: the embedded one by its socket, one in a container by its port."""
    folder = parse_qs(server.query).get("host", [""])[0]
    if folder:
        return partial(asyncio.open_unix_connection, f"{folder}/.s.PGSQL.5432")
    return partial(asyncio.open_connection, server.hostname, server.port)


async def by_engine(url: str) -> int:
    engine = async_engine(url)
    try:
        async with engine.connect() as connection:
            return int((await connection.execute(sa.text("SELECT 1"))).scalar_one())
    finally:
        await engine.dispose()


async def by_pool(url: str) -> int:
    async with await open_pool(url) as pool:
        return int(await pool.fetchval("SELECT 1"))


async def by_connection(url: str) -> int:
    connection = await connect(url)
    try:
        return int(await connection.fetchval("SELECT 1"))
    finally:
        await connection.close()


async def by_migrations(url: str) -> int:
    def ask() -> int:
        with psycopg.connect(driver_url(url)) as connection:
            row = connection.execute("SELECT 1").fetchone()
        return int(row[0]) if row else 0

    return await asyncio.to_thread(ask)


WAYS = [by_engine, by_pool, by_connection, by_migrations]


@pytest.mark.parametrize("way", WAYS)
async def test_a_server_that_is_vouched_for_is_spoken_to_over_tls(
    address: str, tmp_path: Path, way: Way
) -> None:
    assert await way(f"{address}?{FULL}{quote(str(tmp_path / 'authority' / 'ca.pem'))}") == 1


@pytest.mark.parametrize("way", WAYS)
async def test_one_that_is_not_is_refused(address: str, tmp_path: Path, way: Way) -> None:
    other = Authority(tmp_path / "other").file
    with pytest.raises(Exception) as refused:  # noqa: PT011 - each driver has its own
        await way(f"{address}?{FULL}{quote(str(other))}")
    said = f"{refused.value} {refused.value.__cause__}"  # to callers an engine says only that it is away
    assert re.search("certificate.verify.failed", said, re.IGNORECASE)
