"""Following another service over HTTP, while that service comes and goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from shared.messaging.consuming.http_feed import HttpFeed
from shared.messaging.publishing.public_feed import PublicFeed
from tests.support.eventually import eventually
from tests.support.logbooks.chronicle import SOURCE, TOKEN, ChangesDoor, outbound, served
from tests.support.logbooks.event_store import EventStore
from tests.support.logbooks.logbook import a_logbook
from tests.support.messaging.carriers import drained, lines, written
from tests.support.messaging.readers import Readers
from tests.support.messaging.relay_house import House
from tests.support.servers.ports import free_port

DECK = uuid4()


@pytest.fixture
async def house(event_store: EventStore) -> AsyncIterator[House]:
    async with AsyncExitStack() as stack:
        store = await stack.enter_async_context(event_store.store())
        tail = await stack.enter_async_context(event_store.tail())
        engine = await stack.enter_async_context(event_store.engine())
        yield House("", "", store, tail, engine, event_store)


@pytest.fixture
def door(house: House) -> ChangesDoor:
    return ChangesDoor(PublicFeed(house.tail, outbound, SOURCE))


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(TOKEN)
    return path


@pytest.fixture
async def feed(house: House, token_file: Path) -> AsyncIterator[HttpFeed]:
    feed = HttpFeed(f"http://127.0.0.1:{free_port()}", token_file, house.engine, "readers", source=SOURCE)
    yield feed
    await feed.close()


def port_of(feed: HttpFeed) -> int:
    return feed._client.base_url.port or 0


async def test_a_producer_that_is_down_has_nothing_new_and_is_found_when_it_is_up(
    house: House, door: ChangesDoor, feed: HttpFeed
) -> None:
    await written(house.store, DECK, "first")
    with capture_logs() as logs:
        assert [await feed.poll(0.05) for _ in range(5)] == [()] * 5
    assert [entry["event"] for entry in logs] == ["producer_unreachable"]
    async with served(door, port_of(feed)):
        assert lines(await drained(feed, 1)) == {str(DECK): ["first"]}


async def test_a_producer_that_answers_trouble_is_asked_again(
    house: House, door: ChangesDoor, feed: HttpFeed
) -> None:
    await written(house.store, DECK, "first")
    async with served(door, port_of(feed)):
        door.broken = True
        assert await feed.poll(0.05) == ()
        door.broken = False
        assert lines(await drained(feed, 1)) == {str(DECK): ["first"]}


async def test_a_renewed_token_is_used_without_a_restart(
    house: House, door: ChangesDoor, feed: HttpFeed, token_file: Path
) -> None:
    await written(house.store, DECK, "first")
    token_file.write_text("an-expired-token")
    async with served(door, port_of(feed)):
        assert await feed.poll(0.05) == ()
        token_file.write_text(TOKEN)
        assert lines(await drained(feed, 1)) == {str(DECK): ["first"]}


async def test_a_token_that_is_not_there_yet_is_waited_for(
    house: House, door: ChangesDoor, feed: HttpFeed, token_file: Path
) -> None:
    token_file.unlink()
    async with served(door, port_of(feed)):
        assert await feed.poll(0.05) == ()


async def test_the_producer_restarts_under_filing_and_every_line_is_read_once(
    house: House, door: ChangesDoor, feed: HttpFeed
) -> None:
    readers = Readers(house.rows)
    async with readers.following(feed):
        for number in range(3):
            await written(house.store, DECK, f"down {number}")
            async with served(door, port_of(feed)):
                await written(house.store, DECK, f"up {number}")
                await eventually(lambda number=number: _grown_to(readers, 2 * number + 2))  # type: ignore[misc]  # the loop's own number
    assert readers.lines() == [f"{state} {number}" for number in range(3) for state in ("down", "up")]


async def _grown_to(readers: Readers, count: int) -> bool:
    return len(readers.lines()) == count


async def test_a_producer_that_is_away_has_nothing_known_behind_it(feed: HttpFeed) -> None:
    assert await feed.behind() == {}
    assert await feed.poll(0.01) == ()


async def test_a_page_moves_over_facts_that_are_not_public(house: House) -> None:
    book = a_logbook("Deck", "first")
    book.burn()
    await house.store.save(book)
    page = await PublicFeed(house.tail, outbound, SOURCE).page(0)
    assert ([item["sequence"] for item in page["items"]], page["next_after"]) == (["2"], 3)


async def test_a_page_holds_no_more_than_was_asked_for_and_the_next_one_goes_on(house: House) -> None:
    changes = PublicFeed(house.tail, outbound, SOURCE)
    await written(house.store, DECK, "first", "second", "third")
    page = await changes.page(0, 2)
    rest = await changes.page(page["next_after"], 2)
    assert [item["sequence"] for item in page["items"] + rest["items"]] == ["2", "3", "4"]


async def test_a_page_that_does_not_reach_the_newest_position_names_it(house: House) -> None:
    changes = PublicFeed(house.tail, outbound, SOURCE)
    await written(house.store, DECK, "first", "second", "third")
    page = await changes.page(0, 1)
    assert (page["next_after"], page.get("head")) == (2, 4)
    assert "head" not in await changes.page(2, 2)


async def test_a_long_poll_is_answered_when_something_public_happens(house: House) -> None:
    asked = asyncio.create_task(PublicFeed(house.tail, outbound, SOURCE).page(0, 10, 20.0))
    await house.store.save(a_logbook("nothing public"))
    await written(house.store, DECK, "first")
    async with asyncio.timeout(5):
        assert [item["subject"] for item in (await asked)["items"]] == [str(DECK)]


async def test_a_long_poll_without_news_is_empty_and_keeps_its_place(house: House) -> None:
    assert await PublicFeed(house.tail, outbound, SOURCE).page(41, 10, 0.1) == {"items": [], "next_after": 41}
