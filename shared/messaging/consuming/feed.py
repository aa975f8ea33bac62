"""The consumer port: one stream of published events, whoever carries it (ADR 0006).

Adapters: ``kafka.feed`` (a consumer group), ``http_feed`` (the producer's ``/v1/changes`` by position) and
``own_feed`` (the service's own events). ``tests/contract/test_feed.py`` holds all to the same suite.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shared.contracts.envelope import CloudEvent


class FeedUnavailable(Exception):  # noqa: N818 - says what is so
    """Whoever carries the feed is away; the same call may succeed later."""


@dataclass(frozen=True)
class MessagePlace:
    """Where in its feed a message stands: topic and partition (or the producer, 0), and offset (position)."""

    stream: str
    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.stream}:{self.partition}:{self.offset}"


@dataclass(frozen=True)
class Delivery:
    """One message as it came: an event, or what is wrong with it; nothing is dropped unjudged."""

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
    """Poll, handle, say done; what is not said done comes again after a restart, in the same order.

    Order holds per key. A carrier that is away is not an error of ``poll``: there is nothing new then.
    """

    async def poll(self, wait: float) -> Sequence[Delivery]:
        """The next messages in order; empty after ``wait`` seconds without any."""
        ...

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """These, and all that came before them, are handled (or parked): do not bring them again."""
        ...

    async def park(self, delivery: Delivery, failure: Failure) -> None:
        """Put a message that cannot be handled aside, with its reason, where it can be replayed from.

        :raises FeedUnavailable: it is not put aside yet.
        """
        ...

    async def behind(self) -> Mapping[str, int]:
        """By stream, how much stands there behind what ``poll`` brought; it may be a little old.

        Messages, or positions of which some hold no message; a stream of which nothing is known is left out.
        """
        ...

    async def close(self) -> None:
        """Leave the feed; idempotent."""
        ...
