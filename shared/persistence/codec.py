"""Facts to rows of the event table and back, by the library's own mapper."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast
from uuid import UUID

from eventsourcing.domain import DomainEvent, DomainEventProtocol
from eventsourcing.persistence import Mapper, StoredEvent

from shared.persistence.transcoder import OrjsonTranscoder


@dataclass(frozen=True, slots=True)
class Recorded:
    """A fact and its place in its service's event table; ``fact.timestamp`` is when it was recorded."""

    position: int
    fact: DomainEvent


class TopicMissing(TypeError):  # noqa: N818 - says what is so
    """A fact without a hand-written ``TOPIC``: moving its module would break the store (house style, 4.4)."""


class Codec:
    """Encodes and decodes facts; holds nothing but the transcodings."""

    def __init__(self) -> None:
        self._mapper: Mapper[UUID] = Mapper(OrjsonTranscoder())

    def encode(self, event: DomainEventProtocol[UUID]) -> StoredEvent:
        """The row of a fact.

        :raises TopicMissing: its class has no hand-written ``TOPIC``.
        :raises TranscodingNotRegisteredError: it holds a value that would not come back as it was.
        """
        stored = self._mapper.to_stored_event(event)
        if ":" in stored.topic:
            raise TopicMissing(stored.topic)
        return stored

    def decode(self, topic: str, state: bytes, originator_id: UUID, originator_version: int) -> DomainEvent:
        """The fact of a row, upcast to the present version of its class.

        :raises eventsourcing.utils.TopicError: no class has this topic (its module was never imported?).
        :raises eventsourcing.persistence.MapperDeserialisationError: the bytes are not ours.
        """
        stored = StoredEvent(originator_id, originator_version, topic, state)
        return cast("DomainEvent", self._mapper.to_domain_event(stored))
