"""The appender when the database dies, hangs, or does not answer: nothing lost, nothing twice."""

from __future__ import annotations

import asyncio
import time
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from shared.kernel.store import Receipt, ReceiptExists, StreamMoved
from shared.persistence.appender import Appender, StoreUnavailable
from tests.support.eventually import eventually
from tests.support.faults.lossy_proxy import lossy
from tests.support.logbooks.event_store import EventStore

KILL = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'stairs appender'
"""


def an_event(version: int = 1, *, of: UUID | None = None, state: bytes = b"{}") -> StoredEvent:
    return StoredEvent(of or uuid4(), version, "tests.logbook.written", state)


def a_receipt(body: bytes = b"{}") -> Receipt:
    return Receipt("eve", "key", b"fingerprint", 201, {"ETag": '"1"'}, body)


async def warmed(appender: Appender) -> None:
    await appender.append([an_event()])


async def test_a_commit_whose_answer_is_lost_is_found_and_acknowledged(event_store: EventStore) -> None:
    stream = uuid4()
    async with lossy(event_store.url) as wire, EventStore(wire.url).appender() as appender:
        await warmed(appender)
        wire.lose_next_answer()
        answers = await asyncio.gather(
            appender.append([an_event(1, of=stream), an_event(2, of=stream)], a_receipt()),
            *(appender.append([an_event()]) for _ in range(10)),
        )
        assert wire.lost == 1
    stored = event_store.rows("SELECT notification_id FROM logbooks_events ORDER BY 1")
    assert sorted(n for answer in answers for n in answer) == [row[0] for row in stored][1:]
    assert event_store.count() == 13
    assert len(event_store.rows("TABLE receipts")) == 1


async def test_a_receipt_whose_answer_is_lost_is_found_too(event_store: EventStore) -> None:
    async with lossy(event_store.url) as wire, EventStore(wire.url).appender() as appender:
        await warmed(appender)
        wire.lose_next_answer()
        assert await appender.append([], a_receipt()) == []
        with pytest.raises(ReceiptExists):
            await appender.append([], a_receipt())


async def test_a_save_that_never_arrived_is_sent_again(event_store: EventStore) -> None:
    async with lossy(event_store.url) as wire, EventStore(wire.url).appender() as appender:
        await warmed(appender)
        wire.lose_next_request()
        await appender.append([an_event()])
        assert wire.lost == 1
    assert event_store.count() == 2


async def test_a_doubtful_save_that_lost_its_race_is_told_so(event_store: EventStore) -> None:
    """Its request is lost, and before it is sent again someone else takes the version, or the key."""
    stream = uuid4()
    rival = (
        f"SELECT logbooks_events_append(ARRAY['{stream}'::uuid], '{{1}}', '{{tests.logbook.written}}',"
        " ARRAY['rival'::bytea], '{eve}', '{key}', '{f}', '{200}', '{\"{}\"}', '{b}')"
    )
    async with lossy(event_store.url) as wire, EventStore(wire.url).appender() as appender:
        await warmed(appender)
        wire.lose_next_request(then=lambda: event_store.run(rival))
        results = await asyncio.gather(
            appender.append([an_event(1, of=stream, state=b"mine")]),
            appender.append([an_event()], a_receipt()),
            appender.append([an_event()]),
            return_exceptions=True,
        )
    assert [type(each) for each in results] == [StreamMoved, ReceiptExists, list]
    assert event_store.count() == 3


async def test_killed_backends_lose_and_double_nothing(event_store: EventStore) -> None:
    """Twenty callers save one after another; a twenty-first kills the appender's backend again and again."""
    acknowledged: list[int] = []

    async def save_one_after_another(appender: Appender, saves: int) -> None:
        for _ in range(saves):
            acknowledged.extend(await appender.append([an_event(), an_event()]))

    async def kill_at(goal: int) -> int:
        async def reached() -> bool:
            return len(acknowledged) >= goal

        await eventually(reached)
        return len(await asyncio.to_thread(event_store.rows, KILL))

    async with event_store.appender() as appender:
        saving = asyncio.gather(*(save_one_after_another(appender, 60) for _ in range(20)))
        assert sum(await asyncio.gather(*(kill_at(goal) for goal in range(100, 2400, 150)))) > 2
        await saving
    stored = [row[0] for row in event_store.rows("SELECT notification_id FROM logbooks_events ORDER BY 1")]
    assert sorted(acknowledged) == stored
    assert len(stored) == 2400


async def test_a_database_that_is_away_too_long_is_told_to_all_who_wait(event_store: EventStore) -> None:
    async with lossy(event_store.url) as wire, EventStore(wire.url).appender(patience=0.5) as appender:
        await warmed(appender)
        await wire.close()
        started = time.monotonic()
        results = await asyncio.gather(
            *(appender.append([an_event()]) for _ in range(300)), return_exceptions=True
        )
        assert {type(each) for each in results} == {StoreUnavailable}
        assert time.monotonic() - started < 5
        await wire.open()
        await appender.append([an_event()])
    assert event_store.count() == 2


async def test_a_database_that_hangs_is_told_too_and_left(event_store: EventStore) -> None:
    async with lossy(event_store.url) as wire, EventStore(wire.url).appender(patience=0.5) as appender:
        await warmed(appender)
        wire.stall()
        with pytest.raises(StoreUnavailable):
            await appender.append([an_event()])
        wire.flow()
        await appender.append([an_event()])


async def test_a_table_that_is_locked_for_a_moment_only_delays(event_store: EventStore) -> None:
    async with event_store.appender() as appender, event_store.engine() as engine:
        async with engine.begin() as other:
            await other.exec_driver_sql("LOCK TABLE logbooks_events IN EXCLUSIVE MODE")
            save = asyncio.create_task(appender.append([an_event()]))
            done, _ = await asyncio.wait([save], timeout=0.3)
            assert not done
        await save
    assert event_store.count() == 1


async def test_a_save_that_the_server_rolls_back_is_sent_again(event_store: EventStore) -> None:
    event_store.run("ALTER FUNCTION logbooks_events_append SET lock_timeout = '50ms'")
    async with event_store.appender() as appender, event_store.engine() as engine:
        async with engine.begin() as other:
            await other.exec_driver_sql("LOCK TABLE logbooks_events IN EXCLUSIVE MODE")
            saves = [asyncio.create_task(appender.append([an_event()])) for _ in range(5)]
            done, _ = await asyncio.wait(saves, timeout=0.3)
            assert not done
        await asyncio.gather(*saves)
    assert event_store.count() == 5


async def test_a_waiter_who_leaves_after_sending_changes_nothing_for_others(event_store: EventStore) -> None:
    async with lossy(event_store.url) as wire, EventStore(wire.url).appender() as appender:
        await warmed(appender)
        wire.stall()
        saves = [asyncio.create_task(appender.append([an_event(), an_event()])) for _ in range(5)]
        await asyncio.sleep(0)

        async def sent() -> bool:
            return appender.waiting == 0

        await eventually(sent)
        saves[2].cancel()
        wire.flow()
        results = await asyncio.gather(*saves, return_exceptions=True)
    assert [type(each) for each in results].count(list) == 4
    assert event_store.count() == 1 + 5 * 2  # its events were on their way, and are stored whole


async def test_draining_without_a_database_ends_in_time(event_store: EventStore) -> None:
    async with lossy(event_store.url) as wire, EventStore(wire.url).appender(patience=0.3) as appender:
        await wire.close()
        save = asyncio.create_task(appender.append([an_event()]))
        await asyncio.sleep(0)
        await asyncio.wait_for(appender.drain(), 5)
        with pytest.raises(StoreUnavailable):
            await save
        await wire.open()


async def test_an_appender_starts_before_its_database(event_store: EventStore) -> None:
    async with lossy(event_store.url) as wire:
        await wire.close()
        async with EventStore(wire.url).appender() as appender:
            save = asyncio.create_task(appender.append([an_event()]))
            await asyncio.wait([save], timeout=0.1)
            await wire.open()
            assert await save == [1]


async def test_a_stopped_loop_leaves_nobody_waiting(event_store: EventStore) -> None:
    async with lossy(event_store.url) as wire:
        wire.stall()
        appender = Appender(wire.url, event_store.table)
        await appender.start()
        saves = [asyncio.create_task(appender.append([an_event()])) for _ in range(3)]
        await asyncio.sleep(0)
        assert appender._task is not None  # what a dying loop cancels
        appender._task.cancel()
        results = await asyncio.gather(*saves, return_exceptions=True)
    assert {type(each) for each in results} == {StoreUnavailable}
