"""The sender as a loop of the worker: woken by new facts, patient with a database that is away."""

from __future__ import annotations

import asyncio

import structlog

from services.notifications.application.sending import Sender
from shared.kernel.store import StreamMoved
from shared.messaging.back_off import BackOff, pause
from shared.persistence.faults import transient
from shared.persistence.tail import Tail

POLL = 1.0  # seconds between looks at the queue when nothing new is heard of: how late a retry may be
BREATH = 0.05  # seconds between two looks that found nothing

log = structlog.get_logger(__name__)


class Dispatch:
    """Keeps sending what is due."""

    def __init__(self, sender: Sender, tail: Tail, back_off: BackOff | None = None) -> None:
        self._sender, self._tail, self._back_off = sender, tail, back_off or BackOff()

    async def run(self, stop: asyncio.Event) -> None:
        """Send until told to stop; the mail in hand is finished and recorded first."""
        failures = 0
        while not stop.is_set():
            try:
                taken = await self._sender.send_what_is_due(stop.is_set)
            except Exception as error:
                if not (transient(error) or isinstance(error, StreamMoved)):
                    raise
                failures += 1
                if failures == 1:
                    log.warning("sending_delayed", error=type(error).__name__)
                await pause(stop, self._back_off.after(failures))
                continue
            failures = 0
            if not taken and not stop.is_set():
                await self._tail.wait(POLL)
                await pause(stop, BREATH)
