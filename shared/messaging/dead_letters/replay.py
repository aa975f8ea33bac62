"""Replays dead letters: to their topic, or through their consumer's own handlers.

came by Kafka, and there is a cluster    published to its topic with the same ``ce_id``; a consumer at work
                                         handles it, and parks it as a new dead letter if it fails again
otherwise                                handled here and now, in one transaction with its inbox row
malformed                                stays as it is: it cannot be handled

The oldest is replayed first, so that the order per key is kept. A letter that is replayed twice takes effect
once: the inbox knows its ``ce_id``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass

from shared.messaging.consuming.consumer import Consumer, Handler, Inbox
from shared.messaging.consuming.feed import Delivery, Failure
from shared.messaging.dead_letters.register import DeadLetter, DeadLetterRegister
from shared.messaging.kafka.client import Record
from shared.messaging.kafka.cluster import why
from shared.messaging.kafka.producer import Outlet

Reactions = Mapping[str, Handler]


@dataclass(frozen=True)
class ReplayOutcome:
    """What became of one replayed dead letter: published, handled or failed."""

    number: int
    outcome: str
    reason: str | None = None


class DeadLetterReplay:
    """Replays the dead letters of one service."""

    def __init__(
        self, box: DeadLetterRegister, inbox: Inbox, reactions: Mapping[str, Reactions], outlet: Outlet | None
    ) -> None:
        """:param reactions: by consumer, what it does about each type; :param outlet: None without Kafka."""
        self._box, self._inbox, self._reactions, self._outlet = box, inbox, reactions, outlet

    async def of(self, letters: Sequence[DeadLetter]) -> AsyncIterator[ReplayOutcome]:
        """Replay these in the order of their numbers, and yield the outcome of each.

        :raises StoreUnavailable: the database is away.
        """
        for letter in sorted(letters, key=lambda letter: letter.number):
            delivery = letter.delivery()
            if delivery.event is None:
                yield ReplayOutcome(letter.number, "failed", delivery.problem)
            elif self._outlet is not None and letter.came_by_kafka:
                yield await self._publish(letter, delivery, self._outlet)
            elif letter.consumer not in self._reactions:
                yield ReplayOutcome(letter.number, "failed", f"there is no consumer {letter.consumer} here")
            else:
                yield await self._handle(letter, delivery)

    async def _publish(self, letter: DeadLetter, delivery: Delivery, outlet: Outlet) -> ReplayOutcome:
        record = Record(letter.place.stream, delivery.key, delivery.value, delivery.headers)
        sent = await outlet.send([record])
        if sent.error is not None:
            return ReplayOutcome(letter.number, "failed", why(sent.error))
        await self._box.replayed([letter.number])
        return ReplayOutcome(letter.number, "published")

    async def _handle(self, letter: DeadLetter, delivery: Delivery) -> ReplayOutcome:
        stop = asyncio.Event()
        feed = _OneMessageFeed(self._box, letter, delivery, stop)
        await Consumer(letter.consumer, feed, self._inbox, self._reactions[letter.consumer]).run(stop)
        return ReplayOutcome(letter.number, "failed" if feed.failure else "handled", feed.failure)


class _OneMessageFeed:
    """A dead letter as a feed of one message, after which its consumer stops."""

    def __init__(
        self, box: DeadLetterRegister, letter: DeadLetter, delivery: Delivery, stop: asyncio.Event
    ) -> None:
        self._box, self._letter, self._delivery, self._stop = box, letter, delivery, stop
        self.failure: str | None = None

    async def poll(self, wait: float) -> Sequence[Delivery]:  # noqa: ARG002 - a feed that has all it will have
        return [self._delivery]

    async def done(self, deliveries: Sequence[Delivery]) -> None:  # noqa: ARG002 - the one that was polled
        if self.failure is None:
            await self._box.replayed([self._letter.number])
        self._stop.set()

    async def park(self, delivery: Delivery, failure: Failure) -> None:  # noqa: ARG002 - as above
        await self._box.failed_again(self._letter.number, failure)
        self.failure = failure.reason

    async def behind(self) -> Mapping[str, int]:
        """Nothing: its only message was delivered."""
        return {}

    async def close(self) -> None:
        """Do nothing: there is nothing to close."""
