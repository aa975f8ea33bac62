"""Connections to PostgreSQL: three drivers, one form of address, bounded waits everywhere.

An address is ``postgresql://user:password@host:port/database`` or, for the embedded server,
``postgresql://postgres:@/database?host=/socket/directory``.
"""

from __future__ import annotations

from typing import Any

import asyncpg
import orjson
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

CONNECT_TIMEOUT = 3.0  # seconds until a server that does not answer counts as away
COMMAND_TIMEOUT = 30.0  # seconds; longer than any statement of ours should take
_SESSION = {
    "application_name": "stairs",
    "jit": "off",  # our statements are small; compiling them costs more than running them
    "statement_timeout": "25s",
    "idle_in_transaction_session_timeout": "60s",
}


def driver_url(url: str, driver: str | None = None) -> str:
    """The address in the form of a SQLAlchemy driver (``asyncpg``, ``psycopg``), or bare for the drivers."""
    scheme = "postgresql" if driver is None else f"postgresql+{driver}"
    return make_url(url).set(drivername=scheme).render_as_string(hide_password=False)


def async_engine(url: str, *, size: int = 5) -> AsyncEngine:
    """An engine with exactly ``size`` lasting connections; a caller waits 5 s at most for one of them."""
    return create_async_engine(
        driver_url(url, "asyncpg"),
        pool_size=size,
        max_overflow=0,
        pool_timeout=5,
        pool_pre_ping=True,
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
        connect_args={
            "timeout": CONNECT_TIMEOUT,
            "command_timeout": COMMAND_TIMEOUT,
            "server_settings": _SESSION,
        },
    )


async def connect(url: str, **settings: str) -> asyncpg.Connection[asyncpg.Record]:
    """One connection of the driver's own, with the given server settings on top of ours."""
    return await asyncpg.connect(
        driver_url(url),
        timeout=CONNECT_TIMEOUT,
        command_timeout=COMMAND_TIMEOUT,
        server_settings={**_SESSION, **settings},
    )


async def open_pool(url: str, *, size: int = 8) -> asyncpg.Pool[asyncpg.Record]:
    """A pool for reading aggregates; connects when first used: a process may start before its database."""
    return await asyncpg.create_pool(
        driver_url(url),
        min_size=0,
        max_size=size,
        timeout=CONNECT_TIMEOUT,
        command_timeout=COMMAND_TIMEOUT,
        server_settings=_SESSION,
        reset=_nothing_to_reset,
    )


async def _nothing_to_reset(_connection: object) -> None:
    """Readers leave no state behind; the driver's own reset would double the round trips."""


def _dumps(value: Any) -> str:  # noqa: ANN401 - any JSON-able value of a column
    return orjson.dumps(value).decode()
