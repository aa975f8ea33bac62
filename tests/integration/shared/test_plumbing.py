"""Our DDL makes what the library makes, what our tables say, and an event table that only grows."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
import sqlalchemy as sa

from shared.kernel.store import Receipt
from shared.persistence import plumbing
from shared.persistence.engine import connect, driver_url
from shared.persistence.pruning import prune_receipts
from shared.persistence.tables import METADATA
from tests.support.logbooks.event_store import EventStore
from tests.support.logbooks.logbook import Logbook, a_logbook

FORM = {
    "columns": """
        SELECT attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid)
        FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
        WHERE attrelid = 'logbooks_events'::regclass AND attnum > 0 ORDER BY attnum
    """,
    "indexes": "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'logbooks_events' ORDER BY 1",
    "options": "SELECT reloptions FROM pg_class WHERE oid = 'logbooks_events'::regclass",
    "type": """
        SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
        WHERE attrelid = 'stored_event_uuid'::regclass AND attnum > 0 ORDER BY attnum
    """,
}


@pytest.mark.parametrize("part", FORM)
def test_the_event_table_is_what_the_library_makes(event_store: EventStore, part: str) -> None:
    ours = event_store.rows(FORM[part])
    event_store.rows("DROP TABLE logbooks_events; DROP TYPE stored_event_uuid")
    recorder = event_store.recorder()
    with closing(recorder.datastore):
        recorder.create_table()
    assert event_store.rows(FORM[part]) == ours


def test_the_tables_beside_are_what_sqlalchemy_is_told(event_store: EventStore) -> None:
    engine = sa.create_engine(driver_url(event_store.url, "psycopg"))
    made = sa.MetaData()
    made.reflect(engine, only=list(METADATA.tables))
    engine.dispose()
    for name, table in METADATA.tables.items():
        assert described(made.tables[name]) == described(table)


def described(table: sa.Table) -> list[tuple[Any, ...]]:
    return [
        (column.name, column.type.as_generic()._type_affinity, column.nullable, column.primary_key)
        for column in table.columns
    ]


@pytest.mark.shows("HR-30")
@pytest.mark.parametrize(
    "deed",
    ["UPDATE logbooks_events SET topic = ''", "DELETE FROM logbooks_events", "TRUNCATE logbooks_events"],
)
async def test_events_are_for_ever(event_store: EventStore, deed: str) -> None:
    async with event_store.store() as store:
        await store.save(a_logbook())
    with pytest.raises(psycopg.errors.RestrictViolation):
        event_store.rows(deed)
    assert event_store.count() == 1


def test_a_name_that_would_need_quoting_is_refused() -> None:
    with pytest.raises(ValueError, match="plain"):
        plumbing.drop(_Nothing(), "events; DROP TABLE events")


class _Nothing:
    def execute(self, sqltext: str, /) -> None:
        raise AssertionError(sqltext)


async def test_old_receipts_are_pruned_and_new_ones_kept(event_store: EventStore) -> None:
    async with event_store.appender() as appender, event_store.engine() as engine:
        await appender.append([], Receipt("eve", "old", b"", 200, {}, b""))
        event_store.rows("UPDATE receipts SET created_at = now() - interval '8 days'")
        await appender.append([], Receipt("eve", "new", b"", 200, {}, b""))
        assert await prune_receipts(engine, older_than=timedelta(days=7)) == 1
    assert event_store.rows("SELECT key FROM receipts") == [("new",)]


async def test_the_library_and_we_write_and_read_the_same_streams(event_store: EventStore) -> None:
    with closing(event_store.application()) as library:
        async with event_store.store() as ours:
            book = a_logbook("Deck", "ours")
            await ours.save(book)
            again: Logbook = library.repository.get(book.id)
            again.write("the library's")
            recordings = library.save(again)
            loaded = await ours.load(Logbook, book.id)
            loaded.write("ours again")
            await ours.save(loaded)
            last: Logbook = library.repository.get(book.id)
            history = await ours.facts(book.id)
    assert last.lines == ["ours", "the library's", "ours again"]
    assert [each.position for each in history] == [1, 2, recordings[0].notification.id, 4]
    assert isinstance(last.id, UUID)


async def test_a_session_asks_whether_its_client_is_still_there(event_store: EventStore) -> None:
    connection = await connect(event_store.url)
    idle = await connection.fetchval("SELECT current_setting('tcp_keepalives_idle')")
    await connection.close()
    assert idle in ("10", "0"), "0: on a Unix socket, where a client cannot vanish without a word"
