"""Every message that a test has produced is checked against the schema that is kept in the tree.

In this process the check stands where each fact becomes a published event, whoever carries it then (relay,
changes, own feed). What processes of their own produce is read back and checked where they are tested (e2e).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from shared.contracts.envelope import CloudEvent, Published
from shared.messaging.publishing import outgoing
from shared.persistence.codec import Recorded

EVENTS = Path(__file__).parents[3] / "docs" / "events"
OURS = "stairs."


FORMATS = FormatChecker(formats=())


@FORMATS.checks("date-time", raises=ValueError)
def _is_an_instant(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


@FORMATS.checks("date", raises=ValueError)
def _is_a_day(value: object) -> bool:
    return not isinstance(value, str) or bool(date.fromisoformat(value))


@FORMATS.checks("uuid", raises=ValueError)
def _is_an_id(value: object) -> bool:
    return not isinstance(value, str) or bool(UUID(value))


@cache
def _validators() -> Mapping[str, Draft202012Validator]:
    return {
        path.name.removesuffix(".json"): Draft202012Validator(
            orjson.loads(path.read_bytes()), format_checker=FORMATS
        )
        for path in (EVENTS / "schemas").glob("*.json")
    }


def problems(event_type: str, data: Mapping[str, Any]) -> list[str]:
    """What is wrong with the data of an event of ours; nothing, or words per fault."""
    if not event_type.startswith(OURS):
        return []
    validator = _validators().get(event_type)
    if validator is None:
        return [f"{event_type} has no schema in docs/events: run `make schemas`"]
    return [f"{event_type} {error.json_path}: {error.message}" for error in validator.iter_errors(dict(data))]


def all_right(event: CloudEvent) -> CloudEvent:
    """The event itself.

    :raises AssertionError: its data are not what its schema says.
    """
    found = problems(event.type, event.data)
    assert not found, "; ".join(found)
    return event


@pytest.fixture(scope="session", autouse=True)
def _every_published_event_is_checked() -> Iterator[None]:
    publish = outgoing.to_cloud_event

    def checked(recorded: Recorded, published: Published, source: str) -> CloudEvent:
        return all_right(publish(recorded, published, source))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outgoing, "to_cloud_event", checked)
        yield
