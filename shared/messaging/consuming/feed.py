"""The consumer's port to published events, by whichever carrier they come (ADR 0006).

Adapters: ``kafka.feed`` (a consumer group), ``http_feed`` (the producer's ``/v1/changes`` by position) and
``own_feed`` (the service's own events). ``tests/contract/test_feed.py`` runs the same tests on all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.contracts.envelope import CloudEvent


class FeedUnavailable(Exception):  # noqa: N818 - says what is so
    """The carrier of the feed is away; the same call may succeed later."""


@dataclass(frozen=True)
class MessagePlace:
    """The place of a message: topic, partition and offset; of an HTTP feed the producer, 0 and position."""

    stream: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.stream}:{self.partition}:{self.offset}"


@dataclass(frozen=True)
class Delivery:
    """One message as it came: its event, or what is wrong with it."""

    place: MessagePlace
    event: CloudEvent | None
    problem: str | None  # why ``event`` is None
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True)
class Failure:
    """Why a message could not be handled."""

    reason: str  # without the message's data
    attempts: int  # 0 when it was judged before any handler saw it
    first_failed_at: datetime


class Feed(Protocol):
    """A source of messages; those that are not confirmed by ``done`` come again after a restart, in order.

    The order holds per key. While the carrier is away, ``poll`` returns nothing and raises no error.
    """

    async def poll(self, wait: float) -> Sequence[Delivery]:
        """The next messages in order; empty after ``wait`` seconds without any."""
        ...

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """Confirm that these, and all before them, are handled or parked, so that they do not come again."""
        ...

    async def park(self, delivery: Delivery, failure: Failure) -> None:
        """Keep a message that cannot be handled, with the reason, so that it can be replayed.

        :raises FeedUnavailable: it could not be kept yet.
        """
        ...

    async def behind(self) -> Mapping[str, int]:
        """By stream, how much is still to come after what ``poll`` returned; it may be a few seconds old.

        Counted in messages, or in positions, of which some hold no message. Unknown streams are left out.
        """
        ...

    async def close(self) -> None:
        """Leave the feed; idempotent."""
        ...
