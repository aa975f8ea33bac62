"""Connections to PostgreSQL: three drivers, one form of address, and every wait has a limit.

An address is ``postgresql://user:password@host:port/database`` or, for the embedded server,
``postgresql://postgres:@/database?host=/socket/directory``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import asyncpg
import orjson
from sqlalchemy import event, make_url, text
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import DisconnectionError, InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

from shared.persistence.faults import StoreUnavailable

CONNECT_TIMEOUT = 3.0  # seconds until a server that does not answer counts as away
COMMAND_TIMEOUT = 30.0  # seconds; longer than any statement of ours should take
READ_TIMEOUT = 10.0  # seconds for one aggregate
PING_TIMEOUT = 3.0  # seconds in which a connection of a pool must show that it is alive
QUIET = 1.0  # seconds of silence after which it must do so
IDLE = 60.0  # seconds after which a connection of a pool that nobody needs is closed
_SILENT = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
_SESSION = {
    "application_name": "stairs",
    "jit": "off",  # our statements are small; compiling them costs more than running them
    "statement_timeout": "25s",
    # whoever is stopped in mid-transaction may hold the event table, and with it every filing
    "idle_in_transaction_session_timeout": "10s",
    # a client that vanished without a word (half-open) must not keep its locks: a relay's is one per service;
    # the server asks after 10 s of silence, and ends the session 15 s later (TCP only; ignored on a socket)
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}


def driver_url(url: str, driver: str | None = None) -> str:
    """The address in the form of a SQLAlchemy driver (``asyncpg``, ``psycopg``), or bare for the drivers."""
    scheme = "postgresql" if driver is None else f"postgresql+{driver}"
    return make_url(url).set(drivername=scheme).render_as_string(hide_password=False)


def async_engine(
    url: str, *, size: int = 12, idle: float = IDLE, session: Mapping[str, str] | None = None
) -> AsyncEngine:
    """An engine with ``size`` connections at most; a caller waits 5 s at most for one of them.

    A worker has a dozen loops, and a relay keeps its connection for good: with fewer they would wait for one
    another. Connections that were opened for a busy moment are closed again: the one used last is used next,
    and the server ends those that were not used for ``idle`` seconds (``kept_open`` exempts a session).

    A connection that was used before is asked first whether it is alive, for a short time: behind a wire that
    is half-open every one would otherwise cost ``COMMAND_TIMEOUT``, one after the other. If one is not, none
    of its age is used any more.

    :param session: settings of the server for every connection, on top of ours.
    """
    engine = create_async_engine(
        driver_url(url, "asyncpg"),
        async_creator=lambda: _connected(
            url, idle, session or {}
        ),  # it would take sslmode and its like for settings of Python's
        pool_size=size,
        max_overflow=0,
        pool_use_lifo=True,
        pool_timeout=5,
        json_serializer=_dumps,
        json_deserializer=orjson.loads,
    )
    event.listen(engine.sync_engine, "checkout", _refuse_the_silent)
    event.listen(engine.sync_engine, "handle_error", _give_up_the_silent)
    return engine


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
    last_words = _LastWords()
    last_words.pool = await asyncpg.create_pool(
        driver_url(url),
        min_size=0,
        max_size=size,
        max_inactive_connection_lifetime=IDLE,
        timeout=CONNECT_TIMEOUT,
        command_timeout=READ_TIMEOUT,
        server_settings=_SESSION,
        setup=last_words.ask,
        reset=last_words.note,
    )
    return last_words.pool


async def kept_open(connection: AsyncConnection) -> None:
    """Exempt this session from the server's idle timeout: it holds locks, and may be quiet for long.

    Only for a session that is closed afterwards and not handed back to the pool.
    """
    await connection.execute(text("SET idle_session_timeout = 0"))


class _LastWords:
    """When each connection of a pool was heard last; one that was silent for a while is asked before its use.

    In place of the driver's own reset: readers leave no state behind, and it would double the round trips.
    """

    pool: asyncpg.Pool[asyncpg.Record]

    def __init__(self) -> None:
        self._heard: dict[int, float] = {}  # by the server's process

    async def note(self, connection: asyncpg.Connection[asyncpg.Record]) -> None:
        self._heard[connection.get_server_pid()] = asyncio.get_running_loop().time()

    async def ask(self, connection: asyncpg.pool.PoolConnectionProxy[asyncpg.Record]) -> None:
        heard = self._heard.get(connection.get_server_pid())
        if heard is None or asyncio.get_running_loop().time() - heard < QUIET:
            return
        try:
            await connection.fetchval("SELECT 1", timeout=PING_TIMEOUT)
        except _SILENT:
            self._heard.clear()
            connection.terminate()
            await self.pool.expire_connections()
            raise


async def _connected(url: str, idle: float, session: Mapping[str, str]) -> asyncpg.Connection[asyncpg.Record]:
    """A new connection of the pool.

    :raises StoreUnavailable: nobody is there, or nobody answers; SQLAlchemy lets the bare ``OSError`` pass.
    """
    try:
        return await connect(url, idle_session_timeout=f"{idle * 1000:.0f}ms", **session)
    except OSError as error:
        raise StoreUnavailable from error


def _refuse_the_silent(
    connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxied: PoolProxiedConnection
) -> None:
    """Before a pooled connection is used; a new one has just spoken."""
    if not entry.info.setdefault("spoke", False):
        entry.info["spoke"] = True
        return
    if connection.driver_connection.is_closed():  # the server ended it, for it was idle: the others may live
        raise DisconnectionError
    try:
        connection.run_async(lambda raw: raw.fetchval("SELECT 1", timeout=PING_TIMEOUT))
    except _SILENT as error:
        raise InvalidatePoolError from error


def _give_up_the_silent(context: ExceptionContext) -> None:
    """A statement that nobody answered. SQLAlchemy knows the driver's errors; a bare timeout passes it by.

    :raises StoreUnavailable: in its place, since no caller can tell it from a timeout of his own.
    """
    if isinstance(context.original_exception, OSError):  # of which TimeoutError is one
        context.is_disconnect = True  # no rollback is waited for that will not be answered either
        raise StoreUnavailable from context.original_exception


def _dumps(value: Any) -> str:  # noqa: ANN401 - any JSON-able value of a column
    return orjson.dumps(value).decode()
