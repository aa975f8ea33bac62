"""The messages that a consumer has received and not settled yet, and the age of the oldest."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from shared.messaging.consuming.feed import Delivery
from shared.observability.metrics import gauge

_lag = gauge("consumer_lag", "Messages (or positions) that wait to be handled.", ("consumer", "stream"))
_seconds = gauge(
    "consumer_lag_seconds",
    "Age of the oldest message in hand, since it was recorded.",
    ("consumer", "stream"),
)


class InHand:
    """The deliveries of one poll, in order, and the gauges of their consumer."""

    def __init__(self, consumer: str) -> None:
        self._consumer = consumer
        self._waiting: deque[Delivery] = deque()
        self._since = 0.0  # of the monotonic clock: when they came
        self._streams: set[str] = set()  # that were ever seen: those without anything are at 0

    def took(self, deliveries: Sequence[Delivery]) -> None:
        """Note that these were received; the ones before are settled."""
        self._waiting = deque(deliveries)
        self._since = time.monotonic()
        self._streams.update(delivery.place.stream for delivery in deliveries)

    def settled(self) -> None:
        """Note that the first of them is handled or parked."""
        self._waiting.popleft()

    def show(self, behind: Mapping[str, int]) -> None:
        """Set the gauges.

        :param behind: by stream, how much is still to come.
        """
        self._streams.update(behind)
        for stream in self._streams:
            mine = [delivery for delivery in self._waiting if delivery.place.stream == stream]
            _lag.labels(self._consumer, stream).set(len(mine) + behind.get(stream, 0))
            _seconds.labels(self._consumer, stream).set(self._age(mine[0]) if mine else 0.0)

    def _age(self, delivery: Delivery) -> float:
        """Seconds since its producer recorded it; since it came, if that is longer or all that is known.

        ``occurred_at`` does not count: a fact of today may be about an instant years ago.
        """
        held = time.monotonic() - self._since
        if delivery.event is None or delivery.event.recorded_at is None:
            return held
        return max(held, (datetime.now(UTC) - delivery.event.recorded_at).total_seconds())
