"""One suite per port of the notifications service: what holds in memory holds on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from services.notifications.application.ports import Outgoing
from services.notifications.bootstrap import NOTIFICATIONS
from services.notifications.domain.retries import LONGEST_DELAY
from services.notifications.read_model.outgoing import OutgoingQueue
from shared.persistence.engine import async_engine
from tests.support.notifications.desk import MemoryOutgoing
from tests.support.servers.postgres import migrate

NOON = datetime(2019, 4, 12, 19, 0, tzinfo=UTC)
FIRST, SECOND, THIRD = (UUID(int=n) for n in (1, 2, 3))
LEASE = timedelta(seconds=60)


@pytest.fixture(params=["memory", "postgres"])
async def queue(request: pytest.FixtureRequest) -> AsyncIterator[Outgoing]:
    if request.param == "memory":
        yield MemoryOutgoing()
        return
    database = request.getfixturevalue("database")
    migrate(database, NOTIFICATIONS.package)
    engine = async_engine(database)
    async with engine.begin() as connection:
        yield OutgoingQueue(connection)
    await engine.dispose()


async def test_what_is_due_is_taken_up_the_longest_due_first(queue: Outgoing) -> None:
    await queue.put(FIRST, NOON)
    await queue.put(SECOND, NOON - timedelta(hours=1))
    await queue.put(THIRD, NOON + timedelta(seconds=1))
    assert list(await queue.claim(NOON, 10, LEASE)) == [SECOND, FIRST]


async def test_what_a_clock_that_was_ahead_put_beyond_any_retry_is_due(queue: Outgoing) -> None:
    await queue.put(FIRST, NOON + timedelta(days=2))
    await queue.put(SECOND, NOON + LONGEST_DELAY)
    assert list(await queue.claim(NOON, 10, LEASE)) == [FIRST]


async def test_no_more_is_taken_up_than_was_asked_for(queue: Outgoing) -> None:
    await queue.put(FIRST, NOON)
    await queue.put(SECOND, NOON)
    assert list(await queue.claim(NOON, 1, LEASE)) == [FIRST]
    assert list(await queue.claim(NOON, 1, LEASE)) == [SECOND]


async def test_what_is_taken_up_is_nobody_elses_for_the_length_of_the_lease(queue: Outgoing) -> None:
    await queue.put(FIRST, NOON)
    await queue.claim(NOON, 10, LEASE)
    assert list(await queue.claim(NOON, 10, LEASE)) == []


async def test_putting_it_again_ends_the_lease_and_moves_it(queue: Outgoing) -> None:
    await queue.put(FIRST, NOON)
    await queue.claim(NOON, 10, LEASE)
    await queue.put(FIRST, NOON + timedelta(minutes=1))
    assert list(await queue.claim(NOON, 10, LEASE)) == []
    assert list(await queue.claim(NOON + timedelta(minutes=1), 10, LEASE)) == [FIRST]


async def test_the_backlog_counts_from_when_a_mail_was_first_due(queue: Outgoing) -> None:
    assert (await queue.backlog()).count == 0
    await queue.put(FIRST, NOON)
    await queue.put(SECOND, NOON + timedelta(hours=1))
    await queue.put(FIRST, NOON + timedelta(hours=5))
    backlog = await queue.backlog()
    assert (backlog.count, backlog.since) == (2, NOON)
    await queue.remove(FIRST)
    assert (await queue.backlog()).since == NOON + timedelta(hours=1)


async def test_what_is_removed_is_not_taken_up_any_more(queue: Outgoing) -> None:
    await queue.put(FIRST, NOON)
    await queue.remove(FIRST)
    await queue.remove(SECOND)
    assert list(await queue.claim(NOON, 10, LEASE)) == []


async def test_what_is_put_is_held_until_it_is_removed_whoever_claims_it(queue: Outgoing) -> None:
    await queue.put(FIRST, NOON)
    await queue.claim(NOON, 10, LEASE)
    assert (await queue.holds(FIRST), await queue.holds(SECOND)) == (True, False)
    await queue.remove(FIRST)
    assert not await queue.holds(FIRST)


async def test_an_lea_has_so_many_turns_at_once_and_the_others_later(queue: Outgoing) -> None:
    turns = [await queue.turn("1964733", NOON, 2) for _ in range(3)]
    assert turns == [NOON, NOON, NOON + timedelta(minutes=30)]
    assert await queue.turn("5475523", NOON, 2) == NOON


async def test_who_would_wait_for_hours_has_no_turn_and_uses_nothing_up(queue: Outgoing) -> None:
    hours = 1 + LONGEST_DELAY // timedelta(hours=1)
    turns = [await queue.turn("1964733", NOON, 1) for _ in range(hours + 3)]
    assert turns[-4:] == [NOON + LONGEST_DELAY, None, None, None]
    assert await queue.turn("1964733", NOON + timedelta(hours=1), 1) == NOON + LONGEST_DELAY + timedelta(
        hours=1
    )
