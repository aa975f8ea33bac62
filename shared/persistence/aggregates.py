"""Builds an aggregate by replaying the facts of its stream."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar
from uuid import UUID

from eventsourcing.domain import Aggregate, AggregateCreated, AggregateEvent, DomainEvent
from eventsourcing.utils import resolve_topic

from shared.kernel.store import StreamUnknown

A = TypeVar("A", bound=Aggregate)


def aggregate_of(kind: type[A], aggregate_id: UUID, facts: Iterable[DomainEvent], version: int | None) -> A:
    """Build the aggregate from its facts: all of its stream up to ``version``.

    :raises StreamUnknown: there are no facts, they belong to another kind of aggregate, or they end
        before ``version``.
    """
    aggregate: A | None = None
    for fact in facts:
        if aggregate is None and not _opens(fact, kind):
            break
        assert isinstance(fact, AggregateEvent)  # noqa: S101 - what a stream that an aggregate opened consists of
        aggregate = fact.mutate(aggregate)
    if aggregate is None or (version is not None and aggregate.version != version):
        raise StreamUnknown(
            f"no {kind.__name__} {aggregate_id}" + (f" at version {version}" if version else "")
        )
    return aggregate


def _opens(fact: DomainEvent, kind: type[Aggregate]) -> bool:
    return isinstance(fact, AggregateCreated) and issubclass(resolve_topic(fact.originator_topic), kind)
