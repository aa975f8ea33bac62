from __future__ import annotations

import asyncio

from shared.persistence.back_off import BackOff, FailureStreak

HOUR = 3600.0


def test_only_the_first_failure_in_a_row_is_to_be_logged() -> None:
    streak = FailureStreak()
    assert [streak.failed() for _ in range(3)] == [True, False, False]


def test_a_success_tells_how_many_failures_it_ends_and_the_next_one_is_the_first_again() -> None:
    streak = FailureStreak()
    streak.failed()
    streak.failed()
    assert [streak.succeeded(), streak.succeeded()] == [2, 0]
    assert streak.failed()


async def test_a_wait_ends_when_the_work_is_to_stop() -> None:
    streak, stop = FailureStreak(BackOff(HOUR, HOUR)), asyncio.Event()
    streak.failed()
    stop.set()
    async with asyncio.timeout(10):
        await streak.wait(stop)


async def test_a_wait_is_no_longer_than_the_caller_has_time() -> None:
    streak = FailureStreak(BackOff(HOUR, HOUR))
    streak.failed()
    async with asyncio.timeout(10):
        await streak.wait(most=0.0)
