"""A topic that was lost is filled again from the event store, and no consumer is the worse for it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from uuid import UUID, uuid4

import pytest
from kafka.errors import TopicAlreadyExistsError

from shared.chassis.republish import PublishedFacts, republish_and_say
from shared.messaging.kafka.client import Record, open_admin
from shared.messaging.kafka.feed import KafkaFeed
from shared.messaging.kafka.producer import Publisher, Sent
from shared.messaging.publishing.republishing import NotRepublished, Republished, Republishing
from tests.support.eventually import eventually
from tests.support.logbooks.chronicle import SOURCE, outbound
from tests.support.logbooks.event_store import EventStore
from tests.support.messaging.carriers import written
from tests.support.messaging.readers import Readers
from tests.support.messaging.relay_house import House, house_on
from tests.support.servers.kafka import make_topic, messages

LONG = 90.0  # seconds
BOOKS = [uuid4() for _ in range(5)]
LINES = [f"line {number}" for number in range(40)]


@pytest.fixture
async def house(event_store: EventStore, kafka_bootstrap: str) -> AsyncIterator[House]:
    async with house_on(event_store, kafka_bootstrap) as house:
        yield house


def said_nothing(_done: int, _of_all: int) -> None:
    """Progress that nobody watches."""


def republishing(house: House, outlet: Publisher | None, *, turn: float = LONG) -> Republishing:
    return Republishing(SOURCE, house.topic, house.tail, outbound, house.engine, outlet, turn=turn)


async def republished(house: House, start: int = 1, end: int | None = None) -> Republished:
    outlet = Publisher(house.bootstrap, "republishing")
    try:
        return await republishing(house, outlet).run(start, end, said_nothing)
    finally:
        await outlet.close()


async def filed(house: House, lines: Sequence[str], books: Sequence[UUID] = BOOKS) -> None:
    """Each line in one of the books, in turn."""
    for number, line in enumerate(lines):
        await written(house.store, books[number % len(books)], line)


async def lose_and_make_again(house: House) -> None:
    with open_admin(house.bootstrap) as admin:
        admin.delete_topics([house.topic])
    await eventually(lambda: _made_again(house), within=LONG)


async def _made_again(house: House) -> bool:
    try:
        await asyncio.to_thread(make_topic, house.bootstrap, house.topic)
    except TopicAlreadyExistsError:  # the old one is still going
        return False
    return True


async def by_key(house: House) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for event in await house.events():
        found.setdefault(event.key, []).append(event.id)
    return found


async def test_consumers_of_a_topic_that_was_lost_and_filled_again_notice_nothing(
    house: House, event_store: EventStore
) -> None:
    readers, late = Readers(event_store), Readers(event_store, "late")
    old = KafkaFeed(house.bootstrap, [house.topic], f"old-{house.topic}", house.engine)
    new = KafkaFeed(house.bootstrap, [house.topic], f"new-{house.topic}", house.engine)
    async with house.relaying(), readers.following(old, "old"):
        await filed(house, LINES)
        await eventually(lambda: readers.have_read(*LINES), within=LONG)
        before = await by_key(house)
        await lose_and_make_again(house)
        assert (await republished(house)).events == len(LINES)
        assert await by_key(house) == before  # the same ids, in the same order per key
        await filed(house, ["after"])
        await eventually(lambda: readers.have_read(*LINES, "after"), within=LONG)
        async with late.following(new, "new"):
            await eventually(lambda: _read_by(event_store, "new", [*LINES, "after"]), within=LONG)
    assert lines_of(event_store, "old") == sorted([*LINES, "after"])


async def _read_by(event_store: EventStore, member: str, lines: Sequence[str]) -> bool:
    assert lines_of(event_store, member) == sorted(lines)
    return True


def lines_of(event_store: EventStore, member: str) -> list[str]:
    return [
        line for line, by in event_store.rows("SELECT line, member FROM effects ORDER BY 1") if by == member
    ]


async def test_only_the_positions_that_were_asked_for_are_republished(house: House) -> None:
    await filed(house, LINES)
    async with house.relaying():
        await eventually(house.caught_up, within=LONG)
    some = [fact.position for fact in await house.tail.page(0)][10:20]
    done = await republished(house, some[0], some[-1])
    assert (done.start, done.end) == (some[0], some[-1])
    ids = [event.id for event in await house.events()]
    assert {ids.count(each) for each in ids} == {1, 2}
    assert len(ids) == len(LINES) + done.events


async def test_what_the_relay_has_not_published_is_left_to_the_relay(house: House) -> None:
    await filed(house, LINES[:6])
    async with house.relaying():
        await eventually(house.caught_up, within=LONG)
    await filed(house, LINES[6:8])
    assert (await republished(house, 1, 9999)).events == 6


async def test_a_relay_steps_back_while_somebody_republishes_and_goes_on_afterwards(house: House) -> None:
    gate, began = asyncio.Event(), asyncio.Event()

    class Slow(Publisher):
        async def send(self, records: Sequence[Record]) -> Sent:
            began.set()
            await gate.wait()
            return await super().send(records)

    await filed(house, LINES[:2])
    async with house.relaying():
        await eventually(house.caught_up, within=LONG)
        slow = Slow(house.bootstrap, "slow")
        task = asyncio.create_task(republishing(house, slow).run(1, None, said_nothing))
        await asyncio.wait_for(began.wait(), LONG)
        relayed = house.position()
        await filed(house, LINES[2:4])
        with pytest.raises(NotRepublished, match="somebody is republishing already"):
            await republished(house)
        assert house.position() == relayed
        gate.set()
        await task
        await eventually(house.caught_up, within=LONG)
        await slow.close()
    assert sorted(await house.published()) == sorted([*LINES[:4], *LINES[:2]])


async def test_a_relay_that_does_not_step_back_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.messaging.publishing.relay.LOOK", 3600.0)
    async with house.relaying():
        await filed(house, LINES[:1])
        await eventually(house.caught_up, within=LONG)
        outlet = Publisher(house.bootstrap, "impatient")
        with pytest.raises(NotRepublished, match="the relay has not stepped back"):
            await republishing(house, outlet, turn=0.5).run(1, None, said_nothing)
        await outlet.close()


async def test_the_verb_counts_before_it_publishes_and_shows_how_far_it_is(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    await filed(house, LINES[:3])
    async with house.relaying():
        await eventually(house.caught_up, within=LONG)
    facts = PublishedFacts(SOURCE, house.topic, house.tail, outbound, house.engine, house.bootstrap)
    capsys.readouterr()
    assert await republish_and_say(facts, 1, None, dry_run=True, as_json=False) == 0
    assert f"3 events of the positions 1 to {house.position()} would go to" in capsys.readouterr().out
    assert len(messages(house.bootstrap, house.topic)) == 3
    assert await republish_and_say(facts, 1, None, dry_run=False, as_json=False) == 0
    said = capsys.readouterr().out
    assert f"republish {house.position()}/{house.position()}\n" in said
    assert len(messages(house.bootstrap, house.topic)) == 6


async def test_for_scripts_the_verb_says_the_same_as_json(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    await filed(house, LINES[:3])
    async with house.relaying():
        await eventually(house.caught_up, within=LONG)
    facts = PublishedFacts(SOURCE, house.topic, house.tail, outbound, house.engine, house.bootstrap)
    capsys.readouterr()
    assert await republish_and_say(facts, 1, None, dry_run=True, as_json=True) == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    last = house.position()
    assert said == [{"done": last, "of": last}, {"published": 3, "from": 1, "to": last, "dry_run": True}]


async def test_without_a_cluster_there_is_nothing_to_publish_to(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    facts = PublishedFacts(SOURCE, house.topic, house.tail, outbound, house.engine, None)
    assert await republish_and_say(facts, 1, None, dry_run=False, as_json=False) == 1
    assert "KAFKA_BOOTSTRAP_SERVERS is not set" in capsys.readouterr().err
    assert await republish_and_say(facts, 1, None, dry_run=True, as_json=False) == 0
