"""Turns facts into rows of the event table and back, with the mapper of the eventsourcing library.

A stored fact also says which request led to it, in two reserved keys beside the fact's own (ADR 0018). They
are written when the request is known, and removed before the fact is handed out. Whoever reads the table with
the library alone is not affected.

A name in a fact of before may hold what is taken for an SSID today: it is masked when it is read (A-55), and
the row stays as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

import orjson
from eventsourcing.domain import DomainEvent, DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent

from shared.kernel.ssid import REMOVED, without_ssids
from shared.kernel.trail import Trail
from shared.observability.correlation import present
from shared.persistence.transcoder import OrjsonTranscoder

CORRELATION_ID, TRACEPARENT = "_correlation_id", "_traceparent"
"""The reserved keys; no fact of ours has a field that begins with an underscore."""

_NAME_WITH_DIGITS = re.compile(rb'"name":"(?:[^"\\0-9\x80-\xff]|\\.)*[0-9\x80-\xff]')
"""Whether a name is worth a look; beyond ASCII, too, there are digits."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A fact and its place in its service's event table; ``fact.timestamp`` is when it was recorded."""

    position: int
    fact: DomainEvent
    # the request that caused it; absent in facts older than ADR 0018 and in those that only time caused
    trail: Trail | None = None


class TopicMissing(TypeError):  # noqa: N818 - says what is so
    """A fact without a hand-written ``TOPIC``: moving its module would break the store."""


class Codec:
    """Encodes and decodes facts."""

    def __init__(self) -> None:
        self._mapper: Mapper[UUID] = Mapper(OrjsonTranscoder())

    def encode(self, event: DomainEventProtocol[UUID]) -> StoredEvent:
        """The row of a fact, marked with the present trail.

        :raises TopicMissing: its class has no hand-written ``TOPIC``.
        :raises TranscodingNotRegisteredError: it holds a value that would not come back as it was.
        """
        stored = self._mapper.to_stored_event(event)
        if ":" in stored.topic:
            raise TopicMissing(stored.topic)
        trail = present()
        if trail is None:
            return stored
        return StoredEvent(
            stored.originator_id, stored.originator_version, stored.topic, _marked(stored.state, trail)
        )

    def decode(self, topic: str, state: bytes, originator_id: UUID, originator_version: int) -> DomainEvent:
        """The fact of a row, upcast to the present version of its class.

        :raises eventsourcing.utils.TopicError: no class has this topic (its module was never imported?).
        :raises eventsourcing.persistence.MapperDeserialisationError: the bytes are not ours.
        """
        return self._read(topic, state, originator_id, originator_version)[0]

    def recorded(
        self, position: int, topic: str, state: bytes, originator_id: UUID, originator_version: int
    ) -> Recorded:
        """The same as ``decode``, with the fact's place and trail."""
        return Recorded(position, *self._read(topic, state, originator_id, originator_version))

    def _read(self, topic: str, state: bytes, stream: UUID, version: int) -> tuple[DomainEvent, Trail | None]:
        fact = cast("DomainEvent", self._mapper.to_domain_event(StoredEvent(stream, version, topic, state)))
        parts = vars(fact)
        if _NAME_WITH_DIGITS.search(state):
            _mask_names(parts)
        if CORRELATION_ID not in parts:
            return fact, None
        return fact, Trail(parts.pop(CORRELATION_ID), parts.pop(TRACEPARENT, None))


def _mask_names(value: Any) -> None:  # noqa: ANN401 - any JSON value
    for each in value if isinstance(value, list) else value.values():
        if isinstance(each, (dict, list)):
            _mask_names(each)
    if isinstance(value, dict) and isinstance(name := value.get("name"), str):
        value["name"] = without_ssids(name, REMOVED)


def _marked(state: bytes, trail: Trail) -> bytes:
    """The state, a JSON object that is never empty, with the reserved keys at its end."""
    marks = {CORRELATION_ID: trail.correlation_id}
    if trail.traceparent is not None:
        marks[TRACEPARENT] = trail.traceparent
    return state[:-1] + b"," + orjson.dumps(marks)[1:]
