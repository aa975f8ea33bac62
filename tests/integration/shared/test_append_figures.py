"""How saves end, and how many wait, is counted where it happens."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from uuid import uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from shared.kernel.store import StreamMoved
from shared.observability.metrics import registry, samples
from shared.persistence.appender import Appender
from shared.persistence.faults import QueueFull, StoreUnavailable
from tests.support.eventually import eventually
from tests.support.logbooks.event_store import EventStore
from tests.support.servers.ports import free_port


def an_event() -> StoredEvent:
    return StoredEvent(uuid4(), 1, "tests.logbook.opened", b"{}")


def ended() -> Mapping[str, float]:
    """By outcome."""
    (family,) = registry().restricted_registry(["stairs_append_saves_ended_total"]).collect()
    return {sample.labels["outcome"]: sample.value for sample in family.samples}


def grown(before: Mapping[str, float]) -> dict[str, float]:
    return {outcome: more for outcome, now in ended().items() if (more := now - before[outcome])}


async def test_every_save_is_counted_once_by_how_it_ended(event_store: EventStore) -> None:
    before, event = ended(), an_event()
    async with event_store.appender() as appender:
        await asyncio.gather(*(appender.append([each]) for each in (event, an_event(), an_event())))
        with pytest.raises(StreamMoved):
            await appender.append([event])
    assert grown(before) == {"stored": 3, "refused": 1}


async def test_of_a_batch_that_is_split_each_save_is_counted_once(event_store: EventStore) -> None:
    before, event = ended(), an_event()
    async with event_store.appender() as appender:
        await appender.append([event])
        found = await asyncio.gather(
            *(appender.append([each]) for each in (an_event(), event, an_event())), return_exceptions=True
        )
    assert [type(each) for each in found] == [list, StreamMoved, list]
    assert grown(before) == {"stored": 3, "refused": 1}


async def one_waits() -> bool:
    """One is being tried, the other stands behind it."""
    return dict(samples("append_waiting")) == {(): 1}


async def test_what_waits_is_seen_while_the_database_is_away_and_so_is_how_it_ended() -> None:
    before = ended()
    appender = Appender(
        f"postgresql://nobody@127.0.0.1:{free_port()}/none", "logbooks_events", max_waiting=2, max_batch=1,
        patience=5.0,
    )  # fmt: skip
    await appender.start()
    saves = asyncio.gather(*(appender.append([an_event()]) for _ in range(3)), return_exceptions=True)
    assert await eventually(one_waits, within=30)
    assert dict(samples("append_waiting_limit")) == {(): 2}
    found = await saves
    await appender.drain()
    assert [type(each) for each in found] == [StoreUnavailable, StoreUnavailable, QueueFull]
    assert grown(before) == {"unavailable": 2, "queue_full": 1}
    assert dict(samples("append_waiting")) == {(): 0}
