"""``python -m deploy.kafka up|down|topics|status``: this machine's broker, and the topics of any cluster.

Settings: ``STAIRS_KAFKA_STATE`` (var/kafka), ``STAIRS_KAFKA_PORT`` (19092; the controller takes the next),
``STAIRS_KAFKA_ADVERTISED`` (host:port that clients are told to use, where something stands in between),
``STAIRS_KAFKA_JARS`` (var/cache/kafka-4.3.1); ``topics`` goes to ``KAFKA_BOOTSTRAP_SERVERS`` when it is set,
with ``STAIRS_KAFKA_REPLICATION`` replicas (1), and by the other ``KAFKA_…`` settings of a service.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from deploy.kafka.broker import PORT, Broker
from deploy.kafka.jars import HERE, CannotRun
from shared.messaging.kafka import topics
from shared.messaging.kafka.client import KafkaError
from shared.messaging.kafka.cluster import Refused
from shared.process.kafka_settings import KafkaSettings
from shared.process.settings import load

TOPICS = HERE / "topics.yaml"


def this_machines_broker() -> Broker:
    """The broker that the environment names."""
    state = os.environ.get("STAIRS_KAFKA_STATE")
    port = int(os.environ.get("STAIRS_KAFKA_PORT", PORT))
    return Broker(Path(state) if state else None, port, advertised=os.environ.get("STAIRS_KAFKA_ADVERTISED"))


def up() -> int:
    """Start the broker and create the topics."""
    broker = this_machines_broker()
    broker.start()
    topics.create(broker.bootstrap, topics.declared(TOPICS))
    print(f"Kafka answers at {broker.bootstrap} (KAFKA_BOOTSTRAP_SERVERS={broker.bootstrap})")
    return 0


def down() -> int:
    """Stop the broker; its data stays."""
    this_machines_broker().stop()
    print("Kafka is stopped")
    return 0


def create_topics() -> int:
    """Create the declared topics that are missing."""
    cluster = load(KafkaSettings).kafka or this_machines_broker().bootstrap
    replicas = os.environ.get("STAIRS_KAFKA_REPLICATION")
    made = topics.create(cluster, topics.declared(TOPICS, replication=int(replicas) if replicas else None))
    print("\n".join(f"created {name}" for name in made) or "every topic is there")
    return 0


def status() -> int:
    """Say whether it runs and answers; 0 when it does."""
    broker = this_machines_broker()
    pid, answers = broker.pid(), broker.answers()
    running = f"process {pid}" if pid else "no process of this folder"
    print(f"{broker.bootstrap}: {'answers' if answers else 'no answer'}, {running}, state in {broker.state}")
    return 0 if answers else 1


VERBS: dict[str, Callable[[], int]] = {"up": up, "down": down, "topics": create_topics, "status": status}


def main(words: list[str]) -> int:
    """Run one verb; a reason that it cannot run is one line on the error stream."""
    if len(words) != 1 or words[0] not in VERBS:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        return VERBS[words[0]]()
    except (CannotRun, topics.TopicMismatch, KafkaError) as error:
        print(f"kafka: {error}{_remedy(error)}", file=sys.stderr)
        return 1


def _remedy(error: Exception) -> str:
    """A cluster that somebody named is that setting's business."""
    named = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if not named or isinstance(error, CannotRun | topics.TopicMismatch | Refused):
        return ""
    return f" (KAFKA_BOOTSTRAP_SERVERS={named}): start the cluster, or name another"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
