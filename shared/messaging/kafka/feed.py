"""A Kafka consumer group as a feed; kafka-python blocks, so it lives on a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging.cloud_events import MalformedEvent, from_message
from shared.messaging.consuming.feed import Delivery, Failure, FeedUnavailable, MessagePlace
from shared.messaging.dead_letters.parking import DeadLetterParking, reasons
from shared.messaging.kafka.client import DETERMINISTIC, LARGEST_REQUEST, Deaf, Fetched, KafkaError, Record
from shared.messaging.kafka.cluster import At, knock, why
from shared.messaging.kafka.member import Member
from shared.messaging.kafka.producer import Publisher
from shared.messaging.kafka.topics import dead_letter_topic
from shared.persistence.back_off import FailureStreak

ROOM_FOR_REASONS = 100_000  # bytes that a dead letter may be larger than the message it was
LOOK_EVERY = 15.0  # seconds between two looks at the ends of the partitions
QUIET = 15.0  # seconds without a message after which broker and member are doubted

T = TypeVar("T")

log = structlog.get_logger(__name__)


class KafkaFeed:
    """One member of a consumer group.

    A consumer that failed is thrown away and made anew from what is committed; the inbox absorbs what then
    comes twice. kafka-python says nothing while its brokers are down, so a feed that has been quiet for
    long knocks, and starts afresh when they are back. Nor does it say when it has come to hear nothing any
    more: a member that stays quiet twice while messages wait for it is thrown away, too.
    """

    def __init__(self, bootstrap: At, topics: Sequence[str], group: str, engine: AsyncEngine) -> None:
        """:param group: the consumer's name; its dead letters go to ``<topic>.<group>.dlq``."""
        self._bootstrap, self._topics, self._group = bootstrap, tuple(topics), group
        self._dead_letters = DeadLetterParking(engine, group)
        self._publisher = Publisher(bootstrap, f"{group}-dlq", largest=LARGEST_REQUEST + ROOM_FOR_REASONS)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"feed-{group}")
        self._member: Member | None = None
        self._heard_at = 0.0
        self._doubted = False  # whether it seemed deaf when it was quiet the last time
        self._streak = FailureStreak()
        self._behind: dict[str, int] = {}
        self._looked_at = float("-inf")
        self._closed = False

    async def poll(self, wait: float) -> Sequence[Delivery]:
        """The next messages, in order per partition; empty after ``wait`` seconds without any."""
        try:
            fetched = await self._on_thread(lambda: self._fetch(wait))
        except KafkaError as error:
            await self._on_thread(self._drop)
            await self._be_patient(error, wait)
            return ()
        self._answered()
        return [_delivery(message) for message in fetched]

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """Commit their offsets; a commit that fails is made with a later one, or the messages come again."""
        places = [delivery.place for delivery in deliveries]
        await self._on_thread(lambda: self._commit(places))

    async def park(self, delivery: Delivery, failure: Failure) -> None:
        """Publish it to its dead-letter topic, wait for the acknowledgement, and keep the row.

        :raises FeedUnavailable: the broker did not take it.
        :raises StoreUnavailable: the database is away.
        """
        if not await self._dead_letters.hold(delivery):
            await self._publish(delivery, failure)
            await self._dead_letters.keep(delivery, failure)

    async def behind(self) -> Mapping[str, int]:
        """Messages of this member's partitions not fetched yet; the old answer while nobody gives one."""
        if time.monotonic() - self._looked_at > LOOK_EVERY and not self._closed:
            await self._on_thread(self._look)
        return self._behind

    async def close(self) -> None:
        """Leave the group, so that others take over at once."""
        if self._closed:
            return
        self._closed = True
        await self._publisher.close()
        await self._on_thread(self._drop)
        self._thread.shutdown(wait=False)

    def _fetch(self, wait: float) -> Sequence[Fetched]:
        if self._member is None:
            self._member = Member(self._bootstrap, self._topics, self._group)
            self._heard_at, self._doubted = time.monotonic(), False
        fetched = self._member.fetch(wait)
        if fetched:
            self._heard_at, self._doubted = time.monotonic(), False
        elif time.monotonic() - self._heard_at > QUIET:
            self._doubt(self._member)
            self._heard_at = time.monotonic()
        return fetched

    def _doubt(self, member: Member) -> None:
        """It has been quiet: see that a broker is there, and that there is nothing to hear.

        :raises KafkaError: no broker, or the member hears nothing of what waits: it is of no more use.
        """
        knock(self._bootstrap)
        deaf = member.is_deaf()
        if deaf and self._doubted:
            raise Deaf(f"{self._group}: quiet for {2 * QUIET:g} s, and messages wait, or it is in no group")
        self._doubted = deaf

    def _look(self) -> None:
        if self._member is None:
            return
        with contextlib.suppress(KafkaError):
            found = self._member.behind()
            if found is None:
                return
            self._behind = found
        self._looked_at = time.monotonic()

    def _commit(self, places: Sequence[MessagePlace]) -> None:
        if self._member is not None:
            self._member.commit(places)

    def _drop(self) -> None:
        member, self._member = self._member, None
        if member is not None:
            member.close()

    async def _publish(self, delivery: Delivery, failure: Failure) -> None:
        topic = dead_letter_topic(delivery.place.stream, self._group)
        headers = (*delivery.headers, *reasons(delivery, failure, self._group))
        sent = await self._publisher.send([Record(topic, delivery.key, delivery.value, headers)])
        if isinstance(
            sent.error, DETERMINISTIC
        ):  # the row alone must do: nothing will make the broker take it
            log.warning("dead_letter_refused", topic=topic, error=type(sent.error).__name__)
        elif sent.error is not None:
            raise FeedUnavailable(f"{topic}: {why(sent.error)}")

    async def _on_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _be_patient(self, error: KafkaError, wait: float) -> None:
        if self._streak.failed():
            log.warning("broker_unreachable", consumer=self._group, error=why(error))
        await self._streak.wait(most=wait)

    def _answered(self) -> None:
        if failures := self._streak.succeeded():
            log.info("broker_reached_again", consumer=self._group, failures=failures)


def _delivery(message: Fetched) -> Delivery:
    place = MessagePlace(message.topic, message.partition, message.offset)
    try:
        event, problem = from_message(message.headers, message.value), None
    except MalformedEvent as why:
        event, problem = None, str(why)
    return Delivery(place, event, problem, message.key, message.value, message.headers)
