"""The one typed face of kafka-python 3.0.12: everything else in STAIRS speaks of ``Record`` and ``Fetched``.

Each client is opened behind a look at the address. A client of 3.0.12 that finds no broker leaves its
network thread and its file descriptors behind for ever, so one is only built where a port answers, and
what a failed one left is closed. Every wait has an end.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import (
    InvalidRecordError,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
)
from kafka.net.compat import KafkaNetClient
from kafka.structs import TopicPartition

__all__ = [
    "DETERMINISTIC",
    "Fetched",
    "KafkaConsumer",
    "KafkaError",
    "KafkaProducer",
    "Record",
    "TopicPartition",
    "open_admin",
    "open_consumer",
    "open_producer",
]

Headers = tuple[tuple[str, bytes], ...]

LARGEST_REQUEST = 1_000_000  # bytes; below the broker's own default for one message (1 048 588)
BOOTSTRAP = 5_000  # milliseconds until an address that answers must have told its version
REQUEST = 10_000  # milliseconds for one request to a broker
DELIVERY = 20_000  # milliseconds until the producer gives a record up
KNOCK = 2.0  # seconds for a port to answer

C = TypeVar("C")

DETERMINISTIC = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidRecordError, PolicyViolationError)
"""Errors that the same record will meet again however often it is sent."""


@dataclass(frozen=True)
class Record:
    """One message to be sent."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers

    @property
    def size(self) -> int:
        """Bytes on the wire, not counting the few that the protocol adds."""
        return len(self.key) + len(self.value) + sum(len(k.encode()) + len(v) + 10 for k, v in self.headers)


@dataclass(frozen=True)
class Fetched:
    """One message as it was read."""

    topic: str
    partition: int
    offset: int
    leader_epoch: int  # -1 where the broker did not say
    key: bytes | None
    value: bytes
    headers: Headers


def knock(bootstrap: str) -> None:
    """See that at least one of the addresses answers.

    :raises KafkaConnectionError: none does.
    """
    for address in bootstrap.split(","):
        host, _, port = address.strip().rpartition(":")
        with contextlib.suppress(OSError), socket.create_connection((host.strip("[]"), int(port)), KNOCK):
            return
    raise KafkaConnectionError(f"no broker answers at {bootstrap}")


@contextlib.contextmanager
def _left_nothing_behind() -> Iterator[Callable[..., KafkaNetClient]]:
    made: list[KafkaNetClient] = []

    def make(**settings: object) -> KafkaNetClient:
        made.append(KafkaNetClient(**settings))
        return made[-1]

    try:
        yield make
    except BaseException:
        for client in made:
            client.close()
        raise


def open_producer(bootstrap: str, client_id: str, *, largest: int = LARGEST_REQUEST) -> KafkaProducer:
    """An idempotent producer that waits for all replicas.

    :raises KafkaError: no broker answers in time.
    """
    knock(bootstrap)
    with _left_nothing_behind() as network:
        return KafkaProducer(
            bootstrap_servers=bootstrap.split(","),
            client_id=client_id,
            acks="all",
            enable_idempotence=True,
            linger_ms=2,
            batch_size=128 * 1024,
            max_request_size=largest,
            delivery_timeout_ms=DELIVERY,
            request_timeout_ms=REQUEST,
            max_block_ms=BOOTSTRAP,
            bootstrap_timeout_ms=BOOTSTRAP,
            reconnect_backoff_max_ms=2_000,
            allow_auto_create_topics=False,
            metrics_enabled=False,
            kafka_client=network,
        )


def open_consumer(bootstrap: str, client_id: str, group: str | None, most: int = 200) -> KafkaConsumer:
    """A consumer that starts at the beginning, reads what is committed, and commits only what it is told.

    :param group: None for a reader without a group, which seeks for itself.
    :raises KafkaError: no broker answers in time.
    """
    knock(bootstrap)
    with _left_nothing_behind() as network:
        return KafkaConsumer(
            bootstrap_servers=bootstrap.split(","),
            client_id=client_id,
            group_id=group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_poll_records=most,
            max_poll_interval_ms=300_000,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=2_000,
            request_timeout_ms=REQUEST,
            bootstrap_timeout_ms=BOOTSTRAP,
            metadata_max_age_ms=30_000,
            reconnect_backoff_max_ms=2_000,
            allow_auto_create_topics=False,
            metrics_enabled=False,
            kafka_client=network,
        )


@contextlib.contextmanager
def open_admin(bootstrap: str) -> Iterator[KafkaAdminClient]:
    """The administrator's client, closed afterwards.

    :raises KafkaError: no broker answers in time.
    """
    knock(bootstrap)
    with _left_nothing_behind() as network:
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap.split(","),
            client_id="stairs-admin",
            bootstrap_timeout_ms=BOOTSTRAP,
            request_timeout_ms=REQUEST,
            kafka_client=network,
        )
    try:
        yield admin
    finally:
        admin.close()


def fetch(consumer: KafkaConsumer, wait: float) -> Sequence[Fetched]:
    """What came within ``wait`` seconds, in order per partition.

    :raises KafkaError: this consumer is of no more use.
    """
    polled = consumer.poll(timeout_ms=wait * 1000)
    return [
        Fetched(
            record.topic,
            record.partition,
            record.offset,
            -1 if record.leader_epoch is None else record.leader_epoch,
            record.key,
            record.value or b"",
            tuple((name, value or b"") for name, value in record.headers),
        )
        for records in polled.values()
        for record in records
    ]
