from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from deploy.kafka.jars import HERE
from services.appeals import bootstrap as appeals
from services.incidents import bootstrap as incidents
from services.notifications.messaging import inbound as notifications
from shared.contracts import appeals_v1, incidents_v1, notifications_v1
from shared.messaging.kafka.client import LARGEST_REQUEST
from shared.messaging.kafka.topics import Topic, dead_letter_topic, declared

TOPICS = {topic.name: topic for topic in declared(HERE / "topics.yaml")}
PUBLISHED = [incidents_v1.TOPIC, appeals_v1.TOPIC, notifications_v1.TOPIC]
SEVEN_DAYS = 7 * 24 * 3600 * 1000


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_topic_of_the_published_language_is_declared(name: str) -> None:
    assert TOPICS[name].partitions == 6
    assert TOPICS[name].owner == name.split(".")[1]


@pytest.mark.parametrize(
    ("topic", "consumer"),
    [
        (incidents_v1.TOPIC, "appeals"),
        (incidents_v1.TOPIC, "notifications"),
        (appeals_v1.TOPIC, "incidents"),
        (appeals_v1.TOPIC, "notifications"),
        (notifications_v1.TOPIC, "incidents-mail"),
    ],
)
def test_every_consumer_has_its_dead_letter_twin(topic: str, consumer: str) -> None:
    assert TOPICS[dead_letter_topic(topic, consumer)].owner == consumer


def test_nothing_else_is_declared() -> None:
    assert len(TOPICS) == 8


@pytest.mark.parametrize("topic", TOPICS.values(), ids=lambda topic: topic.name)
def test_messages_leave_kafka_after_seven_days(topic: Topic) -> None:
    assert topic.config["cleanup.policy"] == "delete"
    assert int(topic.config["retention.ms"]) <= SEVEN_DAYS


@pytest.mark.parametrize("name", PUBLISHED)
def test_what_a_producer_may_send_fits_into_the_topic(name: str) -> None:
    assert int(TOPICS[name].config["max.message.bytes"]) > LARGEST_REQUEST


@pytest.mark.parametrize("name", [name for name in TOPICS if name.endswith(".dlq")])
def test_a_dead_letter_of_full_size_fits_with_its_reasons(name: str) -> None:
    assert int(TOPICS[name].config["max.message.bytes"]) >= LARGEST_REQUEST + 100_000


def test_of_three_replicas_two_must_acknowledge() -> None:
    for topic in declared(HERE / "topics.yaml", replication=3):
        assert (topic.replication, topic.config["min.insync.replicas"]) == (3, "2")


def test_a_word_that_nobody_knows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "topics.yaml"
    path.write_text(
        (HERE / "topics.yaml").read_text().replace("partitions: 6", "partitions: 6\n  colour: red")
    )
    with pytest.raises(ValidationError, match="colour"):
        declared(path)


@pytest.mark.parametrize(
    ("topic", "consumer"),
    [
        (incidents_v1.TOPIC, appeals.CONSUMER),
        (appeals_v1.TOPIC, incidents.CONSUMER),
        (notifications_v1.TOPIC, incidents.MAIL),
        *((topic, notifications.CONSUMER) for topic in notifications.TOPICS),
    ],
)
def test_the_names_of_consumers_are_those_of_the_services(topic: str, consumer: str) -> None:
    assert dead_letter_topic(topic, consumer) in TOPICS
