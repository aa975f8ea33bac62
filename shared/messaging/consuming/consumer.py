"""Polls messages, handles them and confirms them: each takes effect once, and none stops the others.

malformed, or unfit (``judgement``)   parked at once
of a type nobody asked for            done
handled before                        done (the inbox knows it)
the database is away                  retried until it is back, or the consumer is stopped
another writer was first              retried soon, a bounded number of times
refused, or a bug                     retried a few times (an event of another topic may be missing), then
                                      parked
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
from shared.persistence.back_off import BackOff, FailureStreak, pause
from shared.persistence.unit_of_work import UnitOfWork

Handler = Callable[[CloudEvent, UnitOfWork], Awaitable[None]]
"""What an event causes, inside one transaction with its inbox row."""

POLL = 1.0  # seconds to wait for a message; how long a stop may take when there is none

T = TypeVar("T")

log = structlog.get_logger(__name__)


class Inbox(Protocol):
    """Knows which messages this consumer has handled (``shared.persistence.unit_of_work``)."""

    def once(
        self, source: str, event_id: str, consumer: str
    ) -> AbstractAsyncContextManager[UnitOfWork | None]:
        """A transaction for a message that is seen for the first time; None if it was handled before."""
        ...


class _Stopped(Exception):  # noqa: N818 - says what happened
    """The consumer was asked to stop while it waited."""


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
        """Consume until ``stop``; the present message is finished, the rest of its batch comes again."""
        try:
            while not stop.is_set():
                with contextlib.suppress(_Stopped):
                    await self._round(stop)
        finally:
            await self._feed.close()

    async def measure(self) -> None:
        """Update the gauges of what waits for this consumer.

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
            await pause(stop, self._back_off.after(tries.in_a_row))
            _require_running(stop)

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
        """Repeat an action as long as the database or the carrier is away.

        :raises _Stopped: asked to stop between two attempts.
        """
        streak = FailureStreak(self._back_off)
        while True:
            try:
                return await act()
            except UNAVAILABLE as error:
                if streak.failed():
                    log.warning("consumer_waits", consumer=self._name, error=type(error).__name__)
            await streak.wait(stop)
            _require_running(stop)

    def _count(self, outcome: str) -> None:
        self._counter.labels(self._name, outcome).inc()


def _require_running(stop: asyncio.Event) -> None:
    """:raises _Stopped: asked to stop."""
    if stop.is_set():
        raise _Stopped


@contextlib.contextmanager
def _bound(event: CloudEvent, consumer: str) -> Iterator[None]:
    """Inside the block, log lines name the message, and its trail (or a new one) is the present one."""
    begun = event.correlation_id or sane_correlation_id(event.id)
    with (
        following(Trail(begun, event.traceparent) if begun else None),
        structlog.contextvars.bound_contextvars(consumer=consumer, ce_id=event.id, ce_type=event.type),
    ):
        yield
