from __future__ import annotations

import pytest

from deploy.kafka.jars import HERE
from shared.messaging.kafka.client import open_admin
from shared.messaging.kafka.topics import TopicMismatch, create, declared, missing
from tests.support.servers.kafka import make_topic, new_name

TOPICS = declared(HERE / "topics.yaml")


def test_topics_are_created_once_and_found_the_second_time(kafka_bootstrap: str) -> None:
    create(kafka_bootstrap, TOPICS)
    assert create(kafka_bootstrap, TOPICS) == []
    assert missing(kafka_bootstrap, TOPICS) == []


def test_a_created_topic_has_the_partitions_that_were_declared(kafka_bootstrap: str) -> None:
    create(kafka_bootstrap, TOPICS)
    with open_admin(kafka_bootstrap) as admin:
        found = admin.describe_topics([topic.name for topic in TOPICS])
    assert {entry["name"]: len(entry["partitions"]) for entry in found} == {
        topic.name: topic.partitions for topic in TOPICS
    }


def test_a_topic_with_other_partitions_than_declared_is_never_changed(kafka_bootstrap: str) -> None:
    name = make_topic(kafka_bootstrap, new_name("topic"), partitions=2)
    with pytest.raises(TopicMismatch, match=f"{name} has 2 partitions, declared are 6"):
        create(kafka_bootstrap, [TOPICS[0].model_copy(update={"name": name})])
