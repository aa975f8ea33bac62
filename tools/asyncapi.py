"""The AsyncAPI 3 document: who sends what to which topic, who receives it, and how a message looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.messaging.cloud_events import CONTENT_TYPE, SPECIFICATION
from shared.messaging.event_types import EventType, event_types
from shared.messaging.kafka.topics import Topic

VERSION = "3.0.0"
BINDING = "0.5.0"  # of the Kafka bindings
FORMAT = "application/schema+json;version=2020-12"
TWIN = ".dlq"
TRACEPARENT = "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"  # W3C Trace Context

Part = dict[str, Any]  # Any: as AsyncAPI has it

INFO: Part = {
    "title": "STAIRS events",
    "version": "1",
    "description": (
        "CloudEvents 1.0 in Kafka's binary mode. Order is kept per key. Delivery is at least once: the same"
        " fact always has the same ce_id. Consumers ignore fields and types that they do not know."
    ),
}

DEAD_LETTER: Part = {
    "name": "deadLetter",
    "title": "A message that could not be handled",
    "summary": "Key, value and headers as they came, and headers that say where from and why.",
    "contentType": CONTENT_TYPE,
    "headers": {
        "type": "object",
        "properties": {
            "dlq_topic": {"type": "string"},
            "dlq_partition": {"type": "string", "pattern": "^[0-9]+$"},
            "dlq_offset": {"type": "string", "pattern": "^[0-9]+$"},
            "dlq_consumer": {"type": "string"},
            "dlq_error": {"type": "string", "maxLength": 500},
            "dlq_attempts": {"type": "string", "pattern": "^[0-9]+$"},
            "dlq_first_failed_at": {"type": "string", "format": "date-time"},
        },
    },
}


def document(topics: Sequence[Topic]) -> Part:
    """The whole document, for topics as they are declared (each followed by its dead-letter twins)."""
    return {
        "asyncapi": VERSION,
        "info": INFO,
        "defaultContentType": CONTENT_TYPE,
        "channels": {_name(topic.name): _channel(topic) for topic in topics},
        "operations": dict(_operations(topics)),
        "components": {
            "messages": {
                **{_name(kind.name): _message(kind) for kind in event_types().values()},
                "deadLetter": DEAD_LETTER,
            }
        },
    }


def _name(name: str) -> str:
    return name.replace(".", "-")


def _channel(topic: Topic) -> Part:
    kinds = [kind for kind in event_types().values() if kind.topic == topic.name]
    names = [_name(kind.name) for kind in kinds] or ["deadLetter"]
    settings: Part = {name: int(told) if told.isdigit() else told for name, told in topic.config.items()}
    settings = {**settings, "cleanup.policy": [settings["cleanup.policy"]]}
    known = ("cleanup.policy", "retention.ms", "max.message.bytes")
    return {
        "address": topic.name,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "replicas": topic.replication,
                "topicConfiguration": {name: settings[name] for name in known if name in settings},
                "bindingVersion": BINDING,
            }
        },
    }


def _operations(topics: Sequence[Topic]) -> Iterator[tuple[str, Part]]:
    events = {topic.name for topic in topics} & {kind.topic for kind in event_types().values()}
    for topic in topics:
        channel = {"$ref": f"#/channels/{_name(topic.name)}"}
        if topic.name in events:
            summary = f"The {topic.owner} service publishes its facts."
            yield f"{topic.owner}-publish", {"action": "send", "channel": channel, "summary": summary}
            continue
        of, consumer = topic.name.removesuffix(f".{topic.owner}{TWIN}"), topic.owner
        yield (
            f"{consumer}-receive-{_name(of)}",
            {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{_name(of)}"},
                "summary": f"The {consumer} service follows; types that it does not use are ignored.",
                "bindings": {
                    "kafka": {"groupId": {"type": "string", "enum": [consumer]}, "bindingVersion": BINDING}
                },
            },
        )
        summary = f"What the {consumer} service could not handle."
        yield f"{consumer}-park-{_name(of)}", {"action": "send", "channel": channel, "summary": summary}


def _message(kind: EventType) -> Part:
    key = {"type": "string", "description": "What the event is about; order is kept per key."}
    if kind.about_a_case:
        key = {"type": "string", "format": "uuid", "description": "The case's id (incident_id)."}
    return {
        "name": kind.name,
        "title": kind.model.__name__,
        "summary": kind.meaning,
        "contentType": CONTENT_TYPE,
        "headers": _headers(kind),
        "payload": {"schemaFormat": FORMAT, "schema": {"$ref": f"./schemas/{kind.name}.json"}},
        "bindings": {"kafka": {"key": key, "bindingVersion": BINDING}},
    }


def _headers(kind: EventType) -> Part:
    required: Mapping[str, Part] = {
        "ce_specversion": {"type": "string", "const": SPECIFICATION},
        "ce_id": {"type": "string", "description": "<aggregate's id>.<version>; stable when published again"},
        "ce_source": {"type": "string", "const": kind.source},
        "ce_type": {"type": "string", "const": kind.name},
        "ce_subject": {"type": "string", "description": "the aggregate's id"},
        "ce_time": {"type": "string", "format": "date-time", "description": "when it happened in the world"},
        "ce_sequence": {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "position in the producer's store",
        },
        "ce_partitionkey": {"type": "string", "description": "the record's key"},
        "content-type": {"type": "string", "const": CONTENT_TYPE},
    }
    optional: Mapping[str, Part] = {
        "ce_correlationid": {"type": "string", "description": "the same in all that one request caused"},
        "ce_recordedtime": {
            "type": "string",
            "format": "date-time",
            "description": "when the producer stored it; no earlier message has it",
        },
        "traceparent": {"type": "string", "pattern": TRACEPARENT},
    }
    return {"type": "object", "required": list(required), "properties": {**required, **optional}}
