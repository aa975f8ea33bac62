"""The blocking half of the Kafka feed: one consumer of a group, and the offsets that it has to commit."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence

from shared.messaging.consuming.feed import MessagePlace
from shared.messaging.kafka.client import (
    Fetched,
    KafkaConsumer,
    KafkaError,
    Listener,
    OffsetAndMetadata,
    TopicPartition,
    fetch,
    has_joined,
    is_joining,
    open_consumer,
    subscribe,
)
from shared.messaging.kafka.cluster import At

COMMIT = 3_000  # milliseconds for one commit
LOOK = 1_000  # milliseconds for one question about offsets
PARTING = 3_000  # milliseconds to leave the group

Offsets = dict[TopicPartition, OffsetAndMetadata]


class Uncommitted:
    """Offsets whose commit did not go through yet; the feed's and the client's thread both come here."""

    def __init__(self) -> None:
        self._offsets: Offsets = {}
        self._busy = threading.Lock()

    def add(self, offsets: Offsets) -> Offsets:
        """Add these; returns all that wait."""
        with self._busy:
            self._offsets.update(offsets)
            return dict(self._offsets)

    def take(self, partitions: set[TopicPartition]) -> Offsets:
        """Take out what waits for these partitions."""
        with self._busy:
            return {tp: self._offsets.pop(tp) for tp in partitions & self._offsets.keys()}

    def forget(self, offsets: Offsets) -> None:
        """These are committed, or will never be."""
        with self._busy:
            for tp, offset in offsets.items():
                if self._offsets.get(tp) == offset:
                    del self._offsets[tp]


class _Handover(Listener):
    """Before partitions go to another member, what is done in them is committed.

    Runs on the client's own loop, which is not asyncio: only the client's futures may be awaited here.
    """

    def __init__(self, consumer: KafkaConsumer, uncommitted: Uncommitted) -> None:
        self._consumer, self._uncommitted = consumer, uncommitted

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """Commit what waits; what cannot be committed comes again at the next owner, whose inbox knows it."""
        offsets = self._uncommitted.take(set(revoked))
        if offsets:
            with contextlib.suppress(KafkaError):
                await self._consumer.commit_async(offsets)

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Nothing is kept per partition."""

    async def on_partitions_lost(self, lost: set[TopicPartition]) -> None:
        """Do nothing: the partitions belong to another member already."""
        self._uncommitted.take(set(lost))


class Member:
    """One member of a group; after any ``KafkaError`` out of it, close it and make another.

    :raises KafkaError: no broker answers.
    """

    def __init__(self, bootstrap: At, topics: Sequence[str], group: str) -> None:
        self._consumer = open_consumer(bootstrap, f"stairs-{group}", group)
        self._uncommitted = Uncommitted()
        self._epochs: dict[MessagePlace, int] = {}
        subscribe(self._consumer, topics, _Handover(self._consumer, self._uncommitted))

    def fetch(self, wait: float) -> Sequence[Fetched]:
        """What comes within ``wait`` seconds.

        :raises KafkaError: this member is of no more use.
        """
        self.commit([])
        fetched = fetch(self._consumer, wait)
        self._epochs = {MessagePlace(m.topic, m.partition, m.offset): m.leader_epoch for m in fetched}
        return fetched

    def commit(self, places: Sequence[MessagePlace]) -> None:
        """Commit the places as read; what fails for the moment is kept for the next time."""
        offsets = {
            TopicPartition(place.stream, place.partition): OffsetAndMetadata(
                place.offset + 1, "", self._epochs.get(place, -1)
            )
            for place in places
        }
        waiting = self._uncommitted.add(offsets)
        mine = {tp: offset for tp, offset in waiting.items() if tp in self.assignment()}
        self._uncommitted.forget({tp: offset for tp, offset in waiting.items() if tp not in mine})
        if not mine:
            return
        try:
            self._consumer.commit(mine, timeout_ms=COMMIT)
        except KafkaError as error:
            if error.retriable:
                return
        self._uncommitted.forget(mine)

    def assignment(self) -> set[TopicPartition]:
        """The partitions that are this member's now."""
        return set(self._consumer.assignment())

    def behind(self) -> dict[str, int] | None:
        """By topic, the messages of our partitions that stand behind what was fetched; None amid a join.

        :raises KafkaError: nobody answers; nothing is wrong with this member for that.
        """
        if is_joining(self._consumer):
            return None
        mine = sorted(self.assignment())
        ends = self._consumer.end_offsets(mine, timeout_ms=LOOK) if mine else {}
        found: dict[str, int] = {tp.topic: 0 for tp in mine}
        for tp, end in ends.items():
            position = self._consumer.position(tp, timeout_ms=LOOK)
            found[tp.topic] += max(0, end - position) if position is not None else 0
        return found

    def is_deaf(self) -> bool:
        """Whether it should hear something: messages wait in its partitions, or it is in no group.

        False where nobody can tell now.
        """
        if not has_joined(self._consumer):
            return True
        try:
            behind = self.behind()
        except KafkaError:
            return False
        return behind is not None and any(behind.values())

    def close(self) -> None:
        """Leave the group."""
        with contextlib.suppress(KafkaError):
            self._consumer.close(autocommit=False, timeout_ms=PARTING)
