"""A page of facts to publish: its records, and how far the page is published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shared.messaging.cloud_events import to_record
from shared.messaging.kafka.client import Record
from shared.messaging.publishing.outgoing import Outbound, published_event
from shared.persistence.codec import Recorded


@dataclass(frozen=True)
class Batch:
    """The records of a page in order, each with its position; and where the page ends."""

    records: tuple[Record, ...]
    positions: tuple[int, ...]  # the positions of the facts that the records publish
    start: int  # the position after which the page was read
    end: int  # the position of its last fact, public or not

    def settled(self, acknowledged: int) -> int:
        """The position up to which nothing is left to publish, when so many records are acknowledged."""
        if acknowledged >= len(self.records):
            return self.end
        return self.positions[acknowledged - 1] if acknowledged else self.start


def batch_of(facts: Sequence[Recorded], after: int, outbound: Outbound, topic: str, source: str) -> Batch:
    """The public facts of a page, as records for the topic."""
    events = [event for fact in facts if (event := published_event(fact, outbound, source)) is not None]
    return Batch(
        records=tuple(to_record(event, topic) for event in events),
        positions=tuple(event.sequence for event in events),
        start=after,
        end=facts[-1].position if facts else after,
    )
