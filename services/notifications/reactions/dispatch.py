"""The sender as a loop of the worker: woken by new facts, patient with a database that is away."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import structlog

from services.notifications.application.sending import MessageSender
from services.notifications.domain.retries import EXPECTED_WITHIN
from shared.kernel.store import StreamMoved
from shared.observability.metrics import gauge
from shared.persistence.back_off import BackOff, FailureStreak, pause
from shared.persistence.faults import transient
from shared.persistence.tail import Tail

POLL = 1.0  # seconds between looks at the queue when nothing new is heard of: how late a retry may be
BREATH = 0.05  # seconds between two looks that found nothing
WATCH = 15.0  # seconds between two looks at what waits

log = structlog.get_logger(__name__)


def show_waiting(count: int, oldest: timedelta) -> None:
    """Set the gauges; sender and API tell the same of their queue."""
    gauge("mails_waiting", "Messages that are still to be sent.").set(count)
    gauge("mails_waiting_seconds", "How long the oldest of them has waited.").set(oldest.total_seconds())


class Dispatch:
    """Keeps sending what is due, and says so when mails wait for too long."""

    def __init__(self, sender: MessageSender, tail: Tail, back_off: BackOff | None = None) -> None:
        self._sender, self._tail, self._back_off = sender, tail, back_off
        self._watched_at = float("-inf")
        self._alarmed = False

    async def run(self, stop: asyncio.Event) -> None:
        """Send until told to stop; the mail in hand is finished and recorded first."""
        streak = FailureStreak(self._back_off)
        while not stop.is_set():
            try:
                taken = await self._sender.send_what_is_due(stop.is_set)
                await self.watch()
            except Exception as error:
                if not (transient(error) or isinstance(error, StreamMoved)):
                    raise
                if streak.failed():
                    log.warning("sending_delayed", error=type(error).__name__)
                await streak.wait(stop)
                continue
            streak.succeeded()
            if not taken and not stop.is_set():
                await self._tail.wait(POLL)
                await pause(stop, BREATH)

    async def watch(self) -> None:
        """Now and then: how many mails wait, and whether one has for longer than anybody should (K21)."""
        if time.monotonic() < self._watched_at + WATCH:
            return
        self._watched_at = time.monotonic()
        count, oldest = await self._sender.overdue()
        show_waiting(count, oldest)
        late = oldest > EXPECTED_WITHIN
        if late and not self._alarmed:
            log.error("mails_overdue", count=count, oldest_seconds=round(oldest.total_seconds()))
        self._alarmed = late
