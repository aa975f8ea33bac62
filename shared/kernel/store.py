"""The port to the event store, and the helpers that change aggregates through it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from uuid import UUID

from eventsourcing.domain import Aggregate

from shared.kernel.errors import Conflict, Stale
from shared.kernel.trail import Trail

A = TypeVar("A", bound=Aggregate)
T = TypeVar("T")

ATTEMPTS = 4
"""How often a change is loaded and decided before it gives up, when another writer was first each time."""


class StreamUnknown(LookupError):  # noqa: N818 - says what is so
    """No event was ever stored under this id (or none of this kind)."""


class StreamMoved(Exception):  # noqa: N818 - says what happened
    """Someone else appended first; nothing of this save was stored."""


class ReceiptExists(Exception):  # noqa: N818 - says what is so
    """This caller's idempotency key already has an answer; nothing of this save was stored."""


@dataclass(frozen=True)
class Receipt:
    """The answer kept under an ``Idempotency-Key``, stored in the transaction of its events."""

    caller: str  # the token's ``sub``
    key: str
    fingerprint: bytes  # of method, path and body
    status: int
    headers: dict[str, str]
    body: bytes


ReceiptFor = Callable[[Any], Awaitable[Receipt | None]]
"""Renders the answer for an aggregate (or a list of them) that is about to be saved."""


class Store(Protocol):
    """Aggregates in, aggregates out; every save is one transaction."""

    async def load(self, kind: type[A], aggregate_id: UUID, *, version: int | None = None) -> A:
        """The aggregate as of its newest (or the given) version.

        :raises StreamUnknown: nothing is stored under this id.
        """
        ...

    async def save(self, *aggregates: Aggregate, receipt: Receipt | None = None) -> None:
        """Store all pending events of all aggregates and the receipt, or nothing.

        :raises StreamMoved: another writer appended to one of the streams first.
        :raises ReceiptExists: the receipt's key was used before by this caller.
        """
        ...

    async def trail_of(self, aggregate_id: UUID) -> Trail | None:
        """The request that led to the first fact of a stream; None if none did, or there is no stream."""
        ...


async def change(
    store: Store,
    kind: type[A],
    aggregate_id: UUID,
    decide: Callable[[A], None],
    *,
    expected: int | None = None,
    receipt: ReceiptFor | None = None,
) -> A:
    """Load, decide, save; on a lost race load and decide again, unless the caller named a version.

    :param expected: the version of the caller's ``If-Match``; a newer one refuses at once.
    :raises Stale: ``expected`` is not the present version.
    :raises StreamUnknown: no such aggregate.
    :raises Conflict: another writer was first each time.
    """

    async def changed() -> A:
        aggregate = await store.load(kind, aggregate_id)
        if expected is not None and aggregate.version != expected:
            raise Stale(f"The present version is {aggregate.version}.")
        decide(aggregate)
        await store.save(aggregate, receipt=await receipt(aggregate) if receipt else None)
        return aggregate

    return await until_first(changed)


async def until_first(attempt: Callable[[], Awaitable[T]]) -> T:
    """The result of an attempt in which no other writer was first.

    :param attempt: loads, decides and saves; it is made anew, up to ``ATTEMPTS`` times in all, after
        ``StreamMoved``, so every rule is judged by what the other writer stored.
    :raises Conflict: another writer was first each time.
    """
    try:
        return await repeated(attempt)
    except StreamMoved as moved:
        raise Conflict("Too many changes at the same moment; please try again.", retry_after=1) from moved


async def repeated(attempt: Callable[[], Awaitable[T]]) -> T:
    """The same for a caller that tells a lost race in its own words.

    :raises StreamMoved: another writer was first each time.
    """
    for _ in range(ATTEMPTS - 1):
        with suppress(StreamMoved):
            return await attempt()
    return await attempt()
