"""Turns a service's facts into published events, for the relay, ``/v1/changes`` and the own feed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from eventsourcing.domain import DomainEvent

from shared.contracts.envelope import CloudEvent, Published
from shared.persistence.codec import Recorded

Outbound = Callable[[DomainEvent], Published | None]
"""Maps a fact to what the service publishes of it, or None. Pure: it reads nothing but the fact."""


class NotAFact(TypeError):  # noqa: N818 - says what is so
    """A published fact has no ``occurred_at``, the instant at which it happened in the world."""


def to_cloud_event(recorded: Recorded, published: Published, source: str) -> CloudEvent:
    """The published event in its envelope; the same fact always gives the same event.

    :raises NotAFact: the fact has no ``occurred_at``.
    """
    fact, trail = recorded.fact, recorded.trail
    occurred_at = getattr(fact, "occurred_at", None)
    if not isinstance(occurred_at, datetime):
        raise NotAFact(type(fact).__qualname__)
    return CloudEvent(
        id=f"{fact.originator_id}.{fact.originator_version}",
        source=source,
        type=published.TYPE,
        time=occurred_at,
        subject=str(fact.originator_id),
        key=published.key,
        sequence=recorded.position,
        data=published.model_dump(mode="json"),
        traceparent=trail.traceparent if trail else None,
        correlation_id=trail.correlation_id if trail else None,
        recorded_at=fact.timestamp,
    )


def published_event(recorded: Recorded, outbound: Outbound, source: str) -> CloudEvent | None:
    """The event that a recorded fact is published as, or None."""
    published = outbound(recorded.fact)
    return None if published is None else to_cloud_event(recorded, published, source)
