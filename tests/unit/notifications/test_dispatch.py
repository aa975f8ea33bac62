"""Mails that wait for too long are somebody's business (K21)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import cast

import pytest
from structlog.testing import capture_logs

from services.notifications.application.sending import MessageSender
from services.notifications.domain.values import MessageKind, Verdict
from services.notifications.reactions.dispatch import Dispatch
from shared.kernel.store import StreamMoved
from shared.persistence.back_off import BackOff
from shared.persistence.faults import StoreUnavailable
from shared.persistence.tail import Tail
from tests.support.notifications.desk import NotificationDesk
from tests.support.notifications.states import a_submitted_case


class Quiet:
    """A log in which nothing new happens."""

    async def wait(self, _seconds: float) -> None:
        await asyncio.sleep(0)


class FailingSender:
    """A sender that fails in turn, and stops the loop when it has nothing left to fail with."""

    def __init__(self, stop: asyncio.Event, *failures: Exception) -> None:
        self._stop, self.failures = stop, list(failures)

    async def send_what_is_due(self, _stopping: Callable[[], bool]) -> int:
        if self.failures:
            raise self.failures.pop(0)
        self._stop.set()
        return 0

    async def overdue(self) -> tuple[int, timedelta]:
        return 0, timedelta()


async def run_through(*failures: Exception) -> FailingSender:
    stop = asyncio.Event()
    sender = FailingSender(stop, *failures)
    no_pause = BackOff(first=0.0, most=0.0)
    await Dispatch(cast(MessageSender, sender), cast(Tail, Quiet()), no_pause).run(stop)
    return sender


async def test_a_database_that_is_away_and_a_lost_race_are_waited_out() -> None:
    sender = await run_through(StoreUnavailable(), StreamMoved(), StoreUnavailable())
    assert sender.failures == []


async def test_a_bug_ends_the_loop_loudly() -> None:
    with pytest.raises(ZeroDivisionError):
        await run_through(ZeroDivisionError())


async def alarms_after(wait: timedelta, *verdicts: Verdict) -> list[str]:
    desk = NotificationDesk(*verdicts)
    await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    await desk.sender.send_what_is_due()
    desk.clock.advance(wait)
    with capture_logs() as lines:
        await Dispatch(desk.sender, cast(Tail, None)).watch()  # it only watches: nothing is followed
    return [line["event"] for line in lines if line["log_level"] == "error"]


async def test_k21_a_mail_that_waits_for_more_than_two_hours_raises_an_alarm() -> None:
    assert await alarms_after(timedelta(hours=2, seconds=1), Verdict.DEFERRED) == ["mails_overdue"]


async def test_k21_a_mail_that_is_retried_in_time_raises_none() -> None:
    assert await alarms_after(timedelta(hours=2), Verdict.DEFERRED) == []


async def test_k21_a_mail_that_was_delivered_raises_none() -> None:
    assert await alarms_after(timedelta(days=1), Verdict.ACCEPTED) == []
