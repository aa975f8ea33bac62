"""Topics are declared in one file and created by a step of their own, never by the first writer."""

from __future__ import annotations

from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict, Field

from shared.messaging.kafka.client import open_admin
from shared.messaging.kafka.cluster import At


class TopicMismatch(Exception):  # noqa: N818 - says what is so
    """A topic has another number of partitions than declared; changing it would break the order per key."""


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    partitions: int = Field(ge=1, le=100)
    config: dict[str, str | int]


class _Defaults(_Shape):
    replication: int = Field(ge=1, le=9)


class _Declared(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    owner: str
    key: str
    meaning: str
    consumers: list[str]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    defaults: _Defaults
    dead_letters: _Shape
    topics: dict[str, _Declared]


class Topic(BaseModel):
    """One topic as it should exist."""

    model_config = ConfigDict(frozen=True)

    name: str
    partitions: int
    replication: int
    config: dict[str, str]
    owner: str


def dead_letter_topic(topic: str, consumer: str) -> str:
    """The topic for the messages of this topic that a consumer could not handle."""
    return f"{topic}.{consumer}.dlq"


def declared(path: Path, *, replication: int | None = None) -> list[Topic]:
    """All topics of the file, each followed by the dead-letter twins of its consumers.

    :param replication: the number of replicas instead of the file's; of three or more, two must acknowledge.

    :raises pydantic.ValidationError: the file says something that it may not.
    """
    file = _File.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    replication = replication or file.defaults.replication
    topics: list[Topic] = []
    for name, entry in file.topics.items():
        topics.append(_topic(name, file.defaults, replication, entry.owner))
        topics.extend(
            _topic(dead_letter_topic(name, consumer), file.dead_letters, replication, consumer)
            for consumer in entry.consumers
        )
    return topics


def _topic(name: str, shape: _Shape, replication: int, owner: str) -> Topic:
    return Topic(
        name=name,
        partitions=shape.partitions,
        replication=replication,
        config={key: str(value) for key, value in shape.config.items()}
        | ({"min.insync.replicas": "2"} if replication >= 3 else {}),
        owner=owner,
    )


def create(bootstrap: At, topics: list[Topic]) -> list[str]:
    """Create what is missing and wait until it can be written to; blocking. Returns the new ones' names.

    :raises TopicMismatch: one exists with another number of partitions.
    :raises KafkaError: the cluster does not answer, or refuses.
    """
    with open_admin(bootstrap) as admin:
        existing = set(admin.list_topics())
        missing = [topic for topic in topics if topic.name not in existing]
        _same_partitions(admin.describe_topics([t.name for t in topics if t.name in existing]), topics)
        if missing:
            admin.create_topics(
                {
                    topic.name: {
                        "num_partitions": topic.partitions,
                        "replication_factor": topic.replication,
                        "configs": topic.config,
                    }
                    for topic in missing
                },
                wait_for_metadata=True,
            )
    return [topic.name for topic in missing]


def _same_partitions(found: list[dict[str, object]], topics: list[Topic]) -> None:
    wanted = {topic.name: topic.partitions for topic in topics}
    for entry in found:
        name, partitions = str(entry["name"]), entry["partitions"]
        if isinstance(partitions, list) and len(partitions) != wanted.get(name, len(partitions)):
            raise TopicMismatch(
                f"{name} has {len(partitions)} partitions, declared are {wanted[name]}; "
                "keep the number, or declare a new topic"
            )


def missing(bootstrap: At, topics: list[Topic]) -> list[str]:
    """The names of those that do not exist; blocking.

    :raises KafkaError: the cluster does not answer.
    """
    with open_admin(bootstrap) as admin:
        existing = set(admin.list_topics())
    return [topic.name for topic in topics if topic.name not in existing]


__all__ = ["Topic", "TopicMismatch", "create", "dead_letter_topic", "declared", "missing"]
