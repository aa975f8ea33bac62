"""Samples of published events, one file per type and major version, kept for ever.

``make schemas`` makes one for each type that has none: of a fact that is kept in ``tests/contract/samples``
where there is one, else of the schema. It never changes one: what was valid once has to stay valid.
"""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from eventsourcing.domain import DomainEvent
from eventsourcing.utils import TopicError

from services.appeals.messaging.outbound import publish as publish_appeals
from services.incidents.messaging.outbound import publish as publish_incidents
from services.notifications.messaging.outbound import publish as publish_notifications
from shared.contracts.envelope import Published
from shared.persistence.codec import Codec
from tools.event_schemas import schemas

FACTS = Path(__file__).parents[2] / "contract" / "samples"
SAMPLES = FACTS / "events"
AN_ID = "6f1d0c9a-0000-4000-8000-00000000aaaa"
FORMATS = {"uuid": AN_ID, "date-time": "2019-04-12T19:00:00Z", "date": "2019-04-12"}
PLAIN = {"integer": 1, "number": 1.5, "boolean": True, "null": None}

Json = dict[str, Any]
Publish = Callable[[DomainEvent], Published | None]

PUBLISHERS: dict[str, Publish] = {
    "incidents": publish_incidents,
    "appeals": publish_appeals,
    "notifications": publish_notifications,
}


def kept() -> dict[str, Json]:
    """The samples of the tree, by type."""
    return {path.stem: orjson.loads(path.read_bytes()) for path in sorted(SAMPLES.glob("*.json"))}


def make_missing() -> list[str]:
    """Make the sample of each type that has none; answers their paths."""
    SAMPLES.mkdir(exist_ok=True)
    missing = {name: schema for name, schema in schemas().items() if not (SAMPLES / f"{name}.json").exists()}
    of_facts = dict(_published()) if missing else {}
    for name, schema in missing.items():
        sample = of_facts.get(name) or _like(schema, schema.get("$defs", {}))
        (SAMPLES / f"{name}.json").write_text(json.dumps(sample, indent=2, ensure_ascii=False) + "\n")
    return [f"{SAMPLES.relative_to(Path.cwd())}/{name}.json" for name in missing]


def _published() -> Iterator[tuple[str, Json]]:
    for service, publish in PUBLISHERS.items():
        for stream in orjson.loads((FACTS / f"{service}.json").read_bytes()).values():
            for version, fact in enumerate(stream["facts"], start=1):
                state = orjson.dumps(fact["state"])
                with contextlib.suppress(TopicError):  # of a class that no publisher knows
                    told = publish(Codec().decode(fact["topic"], state, UUID(stream["id"]), version))
                    if told is not None:
                        yield told.TYPE, told.model_dump(mode="json")


def _like(schema: Json, named: Json) -> object:
    """A value that the schema allows, always the same."""
    if "$ref" in schema:
        return _like(named[schema["$ref"].rpartition("/")[2]], named)
    if "anyOf" in schema:
        return _like(schema["anyOf"][0], named)
    match schema.get("type"):
        case "object":
            return {name: _like(each, named) for name, each in schema.get("properties", {}).items()}
        case "array":
            return [_like(schema["items"], named)]
        case "string":
            return FORMATS.get(schema.get("format", ""), schema.get("enum", ["some words"])[0])
        case kind:
            return PLAIN[str(kind)]


if __name__ == "__main__":
    sys.stdout.write("".join(f"{path}\n" for path in make_missing()) or "every event type has a sample\n")
