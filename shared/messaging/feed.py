"""The consumer port: one stream of published events, whoever carries it (ADR 0006).

Adapters: ``kafka_feed`` (a consumer group) and ``changes_feed`` (the producer's ``/v1/changes`` by position).
``tests/contract/test_feed.py`` holds both to the same suite.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from shared.contracts.envelope import CloudEvent


@dataclass(frozen=True)
class Place:
    """Where in its feed a message stands: topic and partition (or the producer's address, 0), and offset."""

    stream: str
    partition: int
    offset: int


@dataclass(frozen=True)
class Delivery:
    """One message as it came: an event, or what is wrong with it; nothing is dropped unjudged."""

    place: Place
    event: CloudEvent | None
    problem: str | None  # why ``event`` is None
    key: bytes | None
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


class Feed(Protocol):
    """Poll, handle, say done; what is not said done comes again."""

    async def poll(self, wait: float) -> Sequence[Delivery]:
        """The next messages in order; empty after ``wait`` seconds without any."""
        ...

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        """These are handled (or parked): do not bring them again."""
        ...

    async def park(self, delivery: Delivery, *, reason: str, attempts: int) -> None:
        """Put a message that cannot be handled aside, with its reason, where it can be replayed from."""
        ...

    async def close(self) -> None:
        """Leave the feed; idempotent."""
        ...
