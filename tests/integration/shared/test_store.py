"""Aggregates in and out of real PostgreSQL, alone and inside a unit."""

from __future__ import annotations

import asyncio
from operator import methodcaller
from uuid import uuid4

import pytest
import sqlalchemy as sa

from shared.kernel.store import Receipt, ReceiptExists, StreamMoved, StreamUnknown, change
from shared.kernel.trail import Trail
from shared.observability.correlation import following
from shared.persistence import positions
from shared.persistence.faults import StoreUnavailable
from shared.persistence.unit_of_work import UnitOfWork, UnitsOfWork
from tests.support.logbooks.event_store import EventStore
from tests.support.logbooks.logbook import Logbook, Shelf, a_logbook

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
RECEIPT = Receipt("eve", "key", b"f", 200, {}, b"")


async def test_an_aggregate_comes_back_as_it_was_saved(event_store: EventStore) -> None:
    logbook = a_logbook("Deck", "calm", "storm")
    async with event_store.store() as store:
        await store.save(logbook)
        assert await store.load(Logbook, logbook.id) == logbook


async def test_an_older_version_can_be_loaded(event_store: EventStore) -> None:
    logbook = a_logbook("Deck", "calm", "storm")
    async with event_store.store() as store:
        await store.save(logbook)
        assert (await store.load(Logbook, logbook.id, version=2)).lines == ["calm"]
        with pytest.raises(StreamUnknown):
            await store.load(Logbook, logbook.id, version=4)


async def test_a_stream_knows_what_led_to_its_first_fact(event_store: EventStore) -> None:
    logbook, asked = (
        a_logbook("Deck"),
        Trail("order-66", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    )
    async with event_store.store() as store, event_store.units() as units:
        with following(asked):
            await store.save(logbook)
        with following(Trail("order-67")):
            async with units.begin() as unit:
                found = await unit.store.load(Logbook, logbook.id)
                found.write("calm")
                await unit.store.save(found)
        async with units.begin() as unit:
            assert (await unit.store.trail_of(logbook.id), await unit.store.trail_of(uuid4())) == (
                asked,
                None,
            )
        assert (await store.trail_of(logbook.id), await store.trail_of(uuid4())) == (asked, None)
        assert [each.trail for each in await store.facts(logbook.id)] == [asked, Trail("order-67")]
    async with event_store.tail() as tail:
        assert [each.trail for each in await tail.page(0)] == [asked, Trail("order-67")]


def test_the_librarys_own_application_reads_facts_with_a_trail(event_store: EventStore) -> None:
    logbook = a_logbook("Deck", "calm")
    asyncio.run(_saved_under(Trail("order-66"), event_store, logbook))
    app = event_store.application()
    found: object = app.repository.get(logbook.id)
    app.close()
    assert isinstance(found, Logbook)
    assert (found.title, found.lines, found.version) == ("Deck", ["calm"], 2)


async def _saved_under(trail: Trail, event_store: EventStore, logbook: Logbook) -> None:
    async with event_store.store() as store:
        with following(trail):
            await store.save(logbook)


async def test_what_was_never_stored_is_unknown_and_so_is_another_kind(event_store: EventStore) -> None:
    logbook = a_logbook()
    async with event_store.store() as store:
        await store.save(logbook)
        with pytest.raises(StreamUnknown):
            await store.load(Logbook, uuid4())
        with pytest.raises(StreamUnknown):
            await store.load(Shelf, logbook.id)


async def test_several_aggregates_are_saved_together_or_not_at_all(event_store: EventStore) -> None:
    known, other = a_logbook("Known"), a_logbook("Other")
    async with event_store.store() as store:
        await store.save(known)
        mine, theirs = await store.load(Logbook, known.id), await store.load(Logbook, known.id)
        theirs.write("first")
        await store.save(theirs)
        mine.write("second")
        with pytest.raises(StreamMoved):
            await store.save(mine, other)
        with pytest.raises(StreamUnknown):
            await store.load(Logbook, other.id)


async def test_the_history_of_an_aggregate_has_its_positions(event_store: EventStore) -> None:
    logbook = a_logbook("Deck", "calm")
    async with event_store.store() as store:
        await store.save(a_logbook("Engine"))
        await store.save(logbook)
        history = await store.facts(logbook.id)
    assert [(each.position, type(each.fact).__name__) for each in history] == [(2, "Opened"), (3, "Written")]


async def test_writers_who_race_all_get_their_line_in(event_store: EventStore) -> None:
    logbook = a_logbook()
    async with event_store.store() as store:
        await store.save(logbook)
        lines = [methodcaller("write", str(n)) for n in range(3)]
        await asyncio.gather(*(change(store, Logbook, logbook.id, line) for line in lines))
        assert sorted((await store.load(Logbook, logbook.id)).lines) == ["0", "1", "2"]


async def test_a_unit_commits_events_rows_and_receipt_together(event_store: EventStore) -> None:
    logbook = a_logbook()
    async with event_store.units() as units, event_store.store() as store:
        async with units.begin() as unit:
            await unit.store.save(logbook, receipt=RECEIPT)
            await positions.put(unit.connection, "relay", 7)
            assert await unit.store.load(Logbook, logbook.id) == logbook
            with pytest.raises(StreamUnknown):
                await store.load(Logbook, logbook.id)
        assert await store.load(Logbook, logbook.id) == logbook
        assert await store.find_receipt("eve", "key") == RECEIPT


async def test_a_unit_that_fails_leaves_nothing(event_store: EventStore) -> None:
    async with event_store.units() as units:
        with pytest.raises(ZeroDivisionError):
            async with units.once("incidents", "1", "appeals") as unit:
                await _save_then_fail(unit)
        assert event_store.count() == 0
        async with units.once("incidents", "1", "appeals") as unit:
            assert unit is not None


async def _save_then_fail(unit: UnitOfWork | None) -> None:
    assert unit is not None
    await unit.store.save(a_logbook())
    raise ZeroDivisionError


async def test_a_refused_save_leaves_its_unit_usable(event_store: EventStore) -> None:
    logbook = a_logbook()
    async with event_store.units() as units, event_store.store() as store:
        await store.save(logbook)
        async with units.begin() as unit:
            stale = await unit.store.load(Logbook, logbook.id)
            await change(store, Logbook, logbook.id, lambda book: book.write("theirs"))
            stale.write("mine")
            with pytest.raises(StreamMoved):
                await unit.store.save(stale)
            await change(unit.store, Logbook, logbook.id, lambda book: book.write("mine"))
            await unit.store.save(receipt=RECEIPT)
            with pytest.raises(ReceiptExists):
                await unit.store.save(receipt=RECEIPT)
        assert (await store.load(Logbook, logbook.id)).lines == ["theirs", "mine"]


async def test_of_eight_deliveries_at_once_exactly_one_takes_effect(event_store: EventStore) -> None:
    logbook = a_logbook()
    async with event_store.units(size=8) as units, event_store.store() as store:
        await store.save(logbook)

        async def deliver() -> bool:
            async with units.once("incidents", "17.3", "appeals") as unit:
                if unit is None:
                    return False
                await change(unit.store, Logbook, logbook.id, lambda book: book.write("once"))
                return True

        handled = await asyncio.gather(*(deliver() for _ in range(8)))
        assert sorted(handled) == [False] * 7 + [True]
        assert (await store.load(Logbook, logbook.id)).lines == ["once"]


async def test_the_inbox_tells_consumers_and_sources_apart(event_store: EventStore) -> None:
    async with event_store.units() as units:
        for source, consumer in (("incidents", "appeals"), ("appeals", "appeals"), ("incidents", "mails")):
            async with units.once(source, "1", consumer) as unit:
                assert unit is not None
    assert len(event_store.rows("TABLE inbox")) == 3


async def test_a_position_never_goes_back(event_store: EventStore) -> None:
    async with event_store.engine() as engine, engine.begin() as connection:
        assert await positions.get(connection, "relay") == 0
        assert await positions.put(connection, "relay", 5)
        assert not await positions.put(connection, "relay", 5)
        assert not await positions.put(connection, "relay", 3)
        assert await positions.get(connection, "relay") == 5


async def test_a_database_that_is_away_is_unavailable() -> None:
    away = EventStore("postgresql://nobody@127.0.0.1:1/nothing")
    async with away.store() as store, away.units() as units, away.tail() as tail:
        with pytest.raises(StoreUnavailable):
            await tail.page(0)
        with pytest.raises(StoreUnavailable):
            await store.load(Logbook, uuid4())
        with pytest.raises(StoreUnavailable):
            await units.begin().__aenter__()


async def test_a_lock_held_too_long_is_told_as_unavailable(event_store: EventStore) -> None:
    async with event_store.units() as units, event_store.engine() as engine, engine.begin() as other:
        await other.execute(sa.text("LOCK TABLE positions"))
        with pytest.raises(StoreUnavailable):
            await _put_impatiently(units)


async def _put_impatiently(units: UnitsOfWork) -> None:
    async with units.begin() as unit:
        await unit.connection.execute(sa.text("SET LOCAL lock_timeout = '10ms'"))
        await positions.put(unit.connection, "relay", 1)


async def test_who_stands_still_in_a_transaction_keeps_nobody_else_from_saving(
    event_store: EventStore,
) -> None:
    stood_still = a_logbook("Deck", "calm")
    async with event_store.store() as store, event_store.units() as units:

        async def stand_still() -> None:
            async with units.begin() as unit:
                await unit.connection.execute(sa.text("SET idle_in_transaction_session_timeout = '500ms'"))
                await unit.store.save(stood_still)  # holds the event table from here on
                await store.save(a_logbook("Bridge", "fog"))  # by another session, while ours stands still
                await unit.connection.execute(sa.text("SELECT 1"))

        with pytest.raises(StoreUnavailable):
            await stand_still()
        with pytest.raises(StreamUnknown):
            await store.load(Logbook, stood_still.id)
        async with units.begin() as unit:
            await unit.store.save(stood_still_anew := a_logbook("Deck", "calm again"))
        assert (await store.load(Logbook, stood_still_anew.id)).lines == ["calm again"]
