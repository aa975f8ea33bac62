"""The appender on real PostgreSQL: batches, conflicts, receipts, bounds."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from shared.kernel.store import Receipt, ReceiptExists, StreamMoved
from shared.persistence.appender import QueueFull, StoreUnavailable
from tests.support.logbooks.event_store import EventStore


def an_event(version: int = 1, *, of: object = None, state: bytes = b"{}") -> StoredEvent:
    return StoredEvent(of or uuid4(), version, "tests.logbook.written", state)  # type: ignore[arg-type]  # any id


def a_receipt(key: str = "key", *, caller: str = "eve", body: bytes = b"{}") -> Receipt:
    return Receipt(caller, key, b"fingerprint", 201, {"ETag": '"1"'}, body)


async def test_a_save_is_answered_with_the_positions_of_its_events(event_store: EventStore) -> None:
    stream = uuid4()
    async with event_store.appender() as appender:
        first = await appender.append([an_event(1, of=stream), an_event(2, of=stream)])
        second = await appender.append([an_event(3, of=stream)])
    assert [*first, *second] == [1, 2, 3]


async def test_saves_that_wait_together_are_stored_in_one_transaction(event_store: EventStore) -> None:
    async with event_store.appender() as appender:
        positions = await asyncio.gather(*(appender.append([an_event(), an_event()]) for _ in range(50)))
    assert sorted(n for pair in positions for n in pair) == list(range(1, 101))
    assert all(pair[1] == pair[0] + 1 for pair in positions)
    transactions = event_store.rows("SELECT count(DISTINCT xmin::text) FROM logbooks_events")
    assert transactions[0][0] <= 3


async def test_a_conflict_hits_only_the_guilty_save(event_store: EventStore) -> None:
    stream = uuid4()
    async with event_store.appender() as appender:
        await appender.append([an_event(1, of=stream)])
        results = await asyncio.gather(
            *(appender.append([an_event()]) for _ in range(10)),
            appender.append([an_event(1, of=stream, state=b"late"), an_event(2, of=stream)]),
            *(appender.append([an_event()]) for _ in range(10)),
            return_exceptions=True,
        )
    assert [type(each) for each in results].count(list) == 20
    assert isinstance(results[10], StreamMoved)
    assert event_store.count() == 21


async def test_of_two_saves_of_one_version_in_a_batch_the_first_wins(event_store: EventStore) -> None:
    stream = uuid4()
    async with event_store.appender() as appender:
        results = await asyncio.gather(
            appender.append([an_event(1, of=stream, state=b"one")]),
            appender.append([an_event(1, of=stream, state=b"two")]),
            appender.append([an_event(1, of=stream, state=b"one")]),
            return_exceptions=True,
        )
    assert isinstance(results[0], list)
    assert [type(each) for each in results[1:]] == [StreamMoved, StreamMoved]


async def test_a_receipt_is_stored_with_its_events(event_store: EventStore) -> None:
    receipt = a_receipt(body=b'{"a": 1}')
    async with event_store.store() as store, event_store.appender() as appender:
        await appender.append([an_event()], receipt)
        assert await store.find_receipt("eve", "key") == receipt
        assert await store.find_receipt("adam", "key") is None


async def test_a_used_key_stores_nothing_of_the_save(event_store: EventStore) -> None:
    async with event_store.appender() as appender:
        await appender.append([an_event()], a_receipt())
        results = await asyncio.gather(
            appender.append([an_event()], a_receipt(body=b"other")),
            appender.append([an_event()], a_receipt("another key")),
            appender.append([an_event()], a_receipt(caller="adam")),
            return_exceptions=True,
        )
    assert isinstance(results[0], ReceiptExists)
    assert [type(each) for each in results[1:]] == [list, list]
    assert event_store.count() == 3


async def test_a_receipt_needs_no_events(event_store: EventStore) -> None:
    async with event_store.appender() as appender:
        assert await appender.append([], a_receipt()) == []
        with pytest.raises(ReceiptExists):
            await appender.append([], a_receipt())


async def test_a_full_queue_refuses_at_once_and_says_when_to_come_back(event_store: EventStore) -> None:
    async with event_store.appender(max_waiting=2) as appender:
        saves = [asyncio.create_task(appender.append([an_event()])) for _ in range(2)]
        await asyncio.sleep(0)
        assert appender.waiting == 2
        with pytest.raises(QueueFull) as refused:
            await appender.append([an_event()])
        assert refused.value.retry_after >= 1
        await asyncio.gather(*saves)
    assert event_store.count() == 2


async def test_a_canceled_waiter_takes_nobody_with_it(event_store: EventStore) -> None:
    async with event_store.appender() as appender:
        saves = [asyncio.create_task(appender.append([an_event()])) for _ in range(10)]
        await asyncio.sleep(0)
        saves[3].cancel()
        results = await asyncio.gather(*saves, return_exceptions=True)
    assert [type(each) for each in results].count(list) == 9
    assert event_store.count() == 9  # it was not yet sent


async def test_a_save_that_postgres_cannot_take_fails_alone(event_store: EventStore) -> None:
    bad = StoredEvent(uuid4(), 1, "nul\x00", b"")
    async with event_store.appender() as appender:
        results = await asyncio.gather(
            appender.append([an_event()]),
            appender.append([bad]),
            appender.append([an_event()]),
            return_exceptions=True,
        )
        assert [type(results[0]), type(results[2])] == [list, list]
        assert isinstance(results[1], Exception)
        assert await appender.append([an_event()]) == [event_store.count()]


async def test_draining_answers_those_who_wait_and_takes_no_more(event_store: EventStore) -> None:
    async with event_store.appender() as appender:
        saves = [asyncio.create_task(appender.append([an_event()])) for _ in range(300)]
        await asyncio.sleep(0)
        await appender.drain()
        assert all(save.done() for save in saves)
        with pytest.raises(StoreUnavailable):
            await appender.append([an_event()])
    assert event_store.count() == 300
