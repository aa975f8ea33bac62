"""Decides which messages are parked before any handler sees them (table in ``docs/events/README.md``)."""

from __future__ import annotations

from collections.abc import Collection

from pydantic import ValidationError

from shared.contracts.envelope import CloudEvent
from shared.messaging.consuming.feed import Delivery
from shared.messaging.event_types import event_types, major_version
from shared.messaging.kafka.client import LARGEST_REQUEST


def problem_of(delivery: Delivery, handled: Collection[str]) -> str | None:
    """Why a message is parked without an attempt, in words without its data; None if it can be handled.

    :param handled: the types that this consumer handles. Another major version of one of them is parked,
        because skipping it would lose data. All other types are skipped.
    """
    event = delivery.event
    if event is None:
        return delivery.problem or "not an event"
    if event.type not in handled:
        return _another_version_of(event.type, handled)
    if len(delivery.value) > LARGEST_REQUEST:
        return f"{len(delivery.value)} bytes; the largest that is handled are {LARGEST_REQUEST}"
    if delivery.key is not None and delivery.key != event.key.encode():
        return "the record's key is not its partitionkey"
    return _wrong_key(event)


def _another_version_of(event_type: str, handled: Collection[str]) -> str | None:
    told = major_version(event_type)
    if told is None:
        return None
    stem, major = told
    understood = [known[1] for each in handled if (known := major_version(each)) and known[0] == stem]
    return f"version {major} of its type; understood are {understood}" if understood else None


def _wrong_key(event: CloudEvent) -> str | None:
    """What is wrong with the key: with a wrong one, events of the same case could be handled out of order."""
    kind = event_types().get(event.type)
    if kind is None:
        return None
    try:
        key = kind.model.model_validate(event.data).key
    except ValidationError:
        return None  # the handler says what is wrong with the data
    return None if key == event.key else "the partitionkey is not what the event is about"
