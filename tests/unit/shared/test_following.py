"""Loops that act, rest and wait out a database that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from shared.persistence import back_off
from shared.persistence.faults import StoreUnavailable
from shared.persistence.following import every, first_of, keep_doing


class Work:
    """Acts as the test says, and asks for the end after the last act."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self.outcomes, self.stop = list(outcomes), asyncio.Event()
        self.paused: list[float] = []
        self.rested = 0

    async def act(self) -> None:
        outcome = self.outcomes.pop(0)
        if not self.outcomes:
            self.stop.set()
        if outcome is not None:
            raise outcome

    async def rest(self, _stop: asyncio.Event) -> None:
        self.rested += 1

    async def pause(self, _stop: asyncio.Event, seconds: float) -> None:
        self.paused.append(seconds)


@pytest.fixture
def at_work(monkeypatch: pytest.MonkeyPatch) -> Callable[[Work], Awaitable[None]]:
    async def run(work: Work) -> None:
        monkeypatch.setattr(back_off, "pause", work.pause)
        await keep_doing("work", work.act, work.stop, rest=work.rest)

    return run


async def test_it_acts_and_rests_in_turn_until_told_to_stop(
    at_work: Callable[[Work], Awaitable[None]],
) -> None:
    work = Work(None, None, None)
    await at_work(work)
    assert (work.outcomes, work.rested, work.paused) == ([], 3, [])


async def test_while_the_database_is_away_it_tries_ever_more_slowly(
    at_work: Callable[[Work], Awaitable[None]],
) -> None:
    work = Work(*[StoreUnavailable()] * 12, None, StoreUnavailable(), None)
    await at_work(work)
    first, *_, last, again = work.paused
    assert first <= 0.15
    assert 2.5 <= last <= 7.5
    assert again <= 0.15, "what succeeded once begins anew"
    assert work.rested == 2


async def test_a_bug_ends_it_loudly(at_work: Callable[[Work], Awaitable[None]]) -> None:
    with pytest.raises(KeyError):
        await at_work(Work(KeyError("a bug"), None))


async def test_a_long_rest_ends_when_it_is_told_to_stop() -> None:
    work = Work(None)
    async with asyncio.timeout(10):
        await every(3600, "work", work.act, work.stop)
    assert work.outcomes == []


async def test_of_several_waits_the_first_that_is_over_ends_all() -> None:
    never, given_up = asyncio.Event(), []

    async def for_ever() -> None:
        try:
            await never.wait()
        except asyncio.CancelledError:
            given_up.append("for ever")
            raise

    async with asyncio.timeout(10):
        await first_of(for_ever(), asyncio.sleep(0))
    assert given_up == ["for ever"]
