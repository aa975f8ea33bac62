"""Poll, handle, say done: each message takes effect once, and none stops the others.

malformed, or unfit (``judgement``)   parked at once
of a type nobody asked for            done
handled before                        done (the inbox knows it)
the database is away                  tried again until it is back, or the consumer is stopped
another writer was first              tried again, soon, a bounded number of times
refused, or a bug                     tried again a few times (order between topics may mend it), then parked
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import Protocol, TypeVar

import structlog

from shared.contracts.envelope import CloudEvent
from shared.kernel.trail import Trail
from shared.messaging.consuming.feed import Delivery, Failure, Feed
from shared.messaging.consuming.in_hand import InHand
from shared.messaging.consuming.judgement import problem_of
from shared.messaging.consuming.tries import UNAVAILABLE, Tries
from shared.observability.correlation import following, sane_correlation_id
from shared.observability.metrics import counter
from shared.persistence.back_off import BackOff, pause
from shared.persistence.unit_of_work import UnitOfWork

Handler = Callable[[CloudEvent, UnitOfWork], Awaitable[None]]
"""What an event causes, inside one transaction with its inbox row."""

POLL = 1.0  # seconds to wait for a message; how long a stop may take when there is none

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Inbox(Protocol):
    """What knows which messages this database has seen (``shared.persistence.Units``)."""

    def once(
        self, source: str, event_id: str, consumer: str
    ) -> AbstractAsyncContextManager[UnitOfWork | None]:
        """A transaction for a message seen for the first time; None: its effects are here already."""
        ...


class _Stopped(Exception):  # noqa: N818 - says what happened
    """Asked to stop while something was being waited for."""


class Consumer:
    """One consumer of a service: a feed on one side, handlers by event type on the other."""

    def __init__(
        self,
        name: str,
        feed: Feed,
        units: Inbox,
        handlers: Mapping[str, Handler],
        *,
        attempts: int = 5,
        back_off: BackOff | None = None,
    ) -> None:
        """:param attempts: how often a message that is refused is tried before it is parked."""
        self._name, self._feed, self._units, self._handlers = name, feed, units, dict(handlers)
        self._attempts, self._back_off = attempts, back_off or BackOff()
        self._in_hand = InHand(name)
        self._counter = counter("messages_consumed", "Messages by how they ended.", ("consumer", "outcome"))

    async def run(self, stop: asyncio.Event) -> None:
        """Consume until ``stop``; the message in hand is finished, the rest of its batch comes again."""
        try:
            while not stop.is_set():
                with contextlib.suppress(_Stopped):
                    await self._round(stop)
        finally:
            await self._feed.close()

    async def measure(self) -> None:
        """Bring the figures of what waits for this consumer up to date.

        :raises StoreUnavailable: the feed keeps its place in a database that is away.
        """
        self._in_hand.show(await self._feed.behind())

    async def _round(self, stop: asyncio.Event) -> None:
        deliveries = await self._persistently(lambda: self._feed.poll(POLL), stop)
        self._in_hand.took(deliveries)
        handled: list[Delivery] = []
        with contextlib.suppress(_Stopped):
            for delivery in deliveries:
                await self._settle(delivery, stop)
                self._in_hand.settled()
                handled.append(delivery)
                if stop.is_set():
                    break
        if handled:
            await self._persistently(lambda: self._feed.done(handled), stop)

    async def _settle(self, delivery: Delivery, stop: asyncio.Event) -> None:
        event, problem = delivery.event, problem_of(delivery, self._handlers)
        if problem is not None:
            await self._park(delivery, Failure(problem, 0, datetime.now(UTC)), stop)
            return
        handler = self._handlers.get(event.type) if event else None
        if event is None or handler is None:
            self._count("ignored")
            return
        with _bound(event, self._name):
            failure = await self._failure_of(handler, event, stop)
            if failure is not None:
                await self._park(delivery, failure, stop)

    async def _failure_of(self, handler: Handler, event: CloudEvent, stop: asyncio.Event) -> Failure | None:
        """Handle until it succeeds (None) or is given up.

        :raises _Stopped: asked to stop between two attempts.
        """
        tries = Tries(self._attempts)
        while True:
            try:
                await self._handle(handler, event)
            except Exception as error:
                failure = tries.judge(error)
                if failure is not None:
                    log.warning("message_given_up", reason=failure.reason, exc_info=error)
                    return failure
                if tries.in_a_row == 1:
                    log.warning("message_retried", error=type(error).__name__)
            else:
                return None
            await self._wait(tries.in_a_row, stop)

    async def _handle(self, handler: Handler, event: CloudEvent) -> None:
        async with self._units.once(event.source, event.id, self._name) as unit:
            if unit is not None:
                await handler(event, unit)
        self._count("repeated" if unit is None else "handled")
        log.info("message_repeated" if unit is None else "message_handled")

    async def _park(self, delivery: Delivery, failure: Failure, stop: asyncio.Event) -> None:
        await self._persistently(lambda: self._feed.park(delivery, failure), stop)
        self._count("parked")
        log.error(
            "message_dead_lettered",
            consumer=self._name,
            place=str(delivery.place),
            reason=failure.reason,
            attempts=failure.attempts,
        )

    async def _persistently(self, act: Callable[[], Awaitable[T]], stop: asyncio.Event) -> T:
        """Do it, again and again while whoever is needed for it is away.

        :raises _Stopped: asked to stop between two attempts.
        """
        failures = 0
        while True:
            try:
                return await act()
            except UNAVAILABLE as error:
                failures += 1
                if failures == 1:
                    log.warning("consumer_waits", consumer=self._name, error=type(error).__name__)
            await self._wait(failures, stop)

    async def _wait(self, failures: int, stop: asyncio.Event) -> None:
        await pause(stop, self._back_off.after(failures))
        if stop.is_set():
            raise _Stopped

    def _count(self, outcome: str) -> None:
        self._counter.labels(self._name, outcome).inc()


@contextlib.contextmanager
def _bound(event: CloudEvent, consumer: str) -> Iterator[None]:
    """Inside, every log line names the message, and its trail goes on; one without a trail begins one."""
    begun = event.correlation_id or sane_correlation_id(event.id)
    with (
        following(Trail(begun, event.traceparent) if begun else None),
        structlog.contextvars.bound_contextvars(consumer=consumer, ce_id=event.id, ce_type=event.type),
    ):
        yield
