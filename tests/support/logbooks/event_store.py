"""A database with the plumbing of one service, without the service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import asyncpg
import psycopg
import pytest
from eventsourcing.application import Application
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.persistence import plumbing
from shared.persistence.appender import Appender
from shared.persistence.codec import Codec
from shared.persistence.engine import async_engine, driver_url, open_pool
from shared.persistence.store import PostgresStore
from shared.persistence.tail import Tail
from shared.persistence.unit_of_work import UnitsOfWork

TABLE = "logbooks_events"


class Logbooks(Application[UUID]):
    """The library's own way to store what we store."""

    name = "logbooks"


@dataclass(frozen=True)
class EventStore:
    """Where the events of a test are, and everything that works on them."""

    url: str
    table: str = TABLE

    @asynccontextmanager
    async def appender(self, max_waiting: int = 1024, patience: float = 15.0) -> AsyncIterator[Appender]:
        appender = Appender(self.url, self.table, max_waiting=max_waiting, patience=patience)
        await appender.start()
        try:
            yield appender
        finally:
            await appender.drain()

    @asynccontextmanager
    async def pool(self) -> AsyncIterator[asyncpg.Pool[asyncpg.Record]]:
        pool = await open_pool(self.url)
        try:
            yield pool
        finally:
            await pool.close()

    @asynccontextmanager
    async def engine(self, *, size: int = 5) -> AsyncIterator[AsyncEngine]:
        engine = async_engine(self.url, size=size)
        try:
            yield engine
        finally:
            await engine.dispose()

    @asynccontextmanager
    async def tail(self) -> AsyncIterator[Tail]:
        tail = Tail(self.url, self.table, Codec())
        try:
            yield tail
        finally:
            await tail.close()

    @asynccontextmanager
    async def store(self) -> AsyncIterator[PostgresStore]:
        async with AsyncExitStack() as stack:
            appender = await stack.enter_async_context(self.appender())
            pool = await stack.enter_async_context(self.pool())
            yield PostgresStore(appender, pool, self.table, Codec())

    @asynccontextmanager
    async def units(self, *, size: int = 5) -> AsyncIterator[UnitsOfWork]:
        async with self.engine(size=size) as engine:
            yield UnitsOfWork(engine, self.table, Codec())

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(driver_url(self.url), autocommit=True) as connection:
            cursor = connection.execute(query.encode())
            return cursor.fetchall() if cursor.description else []

    def run(self, statement: str) -> None:
        self.rows(statement)

    def count(self) -> int:
        return len(self.rows(f"TABLE {self.table}"))

    def recorder(self, *, pool_size: int = 4) -> PostgresApplicationRecorder:
        """The library's own recorder on the same table; close its ``datastore``."""
        address = self._address()
        datastore = PostgresDatastore(
            address["dbname"],
            address["host"],
            address["port"],
            address["user"],
            address["password"],
            pool_size=pool_size,
        )
        return PostgresApplicationRecorder(datastore, events_table_name=self.table)

    def application(self) -> Logbooks:
        """The library's own application on the same table; close it."""
        address = {f"POSTGRES_{key.upper()}": value for key, value in self._address().items()}
        settings = {"PERSISTENCE_MODULE": "eventsourcing.postgres", "CREATE_TABLE": "no", **address}
        return Logbooks(env=settings)

    def _address(self) -> dict[str, str]:
        parts = conninfo_to_dict(driver_url(self.url))
        given = {key: str(value) for key, value in parts.items() if value is not None}
        wanted = {"dbname": "", "host": "127.0.0.1", "port": "5432", "user": "postgres", "password": ""}
        return {key: given.get(key, default) for key, default in wanted.items()}


class _Statements:
    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection

    def execute(self, sqltext: str, /) -> None:
        self._connection.execute(sqltext.encode())


def lay_plumbing(url: str, table: str = TABLE) -> None:
    with psycopg.connect(driver_url(url)) as connection:
        plumbing.create(_Statements(connection), table)
        plumbing.let_dead_letters_be_discarded(_Statements(connection))
        plumbing.record_who_discards(_Statements(connection))


@pytest.fixture
def event_store(database: str) -> EventStore:
    """A new event store of an imaginary service."""
    lay_plumbing(database)
    return EventStore(database)
