"""The one typed face of kafka-python 3.0.12: everything else in STAIRS speaks of ``Record`` and ``Fetched``.

Each client is opened behind a look at the address (``access``). Every wait has an end.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from kafka import AsyncConsumerRebalanceListener, KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import (
    InvalidRecordError,
    KafkaError,
    KafkaTimeoutError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    RecordListTooLargeError,
)
from kafka.producer.future import FutureRecordMetadata
from kafka.structs import MemberState, OffsetAndMetadata, TopicPartition

from shared.messaging.kafka.cluster import At
from shared.messaging.kafka.network import access

if TYPE_CHECKING:
    from kafka.consumer.subscription_state import ConsumerRebalanceListener

__all__ = [
    "DETERMINISTIC",
    "Deaf",
    "Fetched",
    "KafkaConsumer",
    "KafkaError",
    "KafkaProducer",
    "KafkaTimeoutError",
    "Listener",
    "MessageSizeTooLargeError",
    "OffsetAndMetadata",
    "Record",
    "Sending",
    "TopicPartition",
    "open_admin",
    "open_consumer",
    "open_producer",
]

Headers = tuple[tuple[str, bytes], ...]
Listener = AsyncConsumerRebalanceListener
Sending = FutureRecordMetadata

LARGEST_REQUEST = 1_000_000  # bytes; below the broker's own default for one message (1 048 588)
BOOTSTRAP = 5_000  # milliseconds until an address that answers must have told its version
REQUEST = 5_000  # milliseconds for one request to a broker
DELIVERY = 10_000  # milliseconds until the producer gives a record up; we then try with a new one
METADATA = 10_000  # milliseconds until a consumer asks anew which partitions its topics have
PARTING = 0.5  # seconds for a failed producer to close in good order

DETERMINISTIC = (MessageSizeTooLargeError, RecordListTooLargeError, InvalidRecordError, PolicyViolationError)
"""Errors that the same record will meet again however often it is sent."""


class NotAcknowledged(KafkaTimeoutError):  # noqa: N818 - says what is so
    """The cluster did not acknowledge in time; the records may or may not be there."""


class Deaf(KafkaError):  # noqa: N818 - says what is so
    """A consumer hears nothing although messages wait for it, or does not come into its group."""


@dataclass(frozen=True)
class Record:
    """One message to be sent."""

    topic: str
    key: bytes | None
    value: bytes
    headers: Headers

    @property
    def size(self) -> int:
        """Bytes on the wire, not counting the few that the protocol adds."""
        return (
            len(self.key or b"")
            + len(self.value)
            + sum(len(k.encode()) + len(v) + 10 for k, v in self.headers)
        )


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


def open_producer(bootstrap: At, client_id: str, *, largest: int = LARGEST_REQUEST) -> KafkaProducer:
    """An idempotent producer that waits for all replicas.

    :raises KafkaError: no broker answers in time, or we are not let in (``Refused``).
    """
    with access(bootstrap) as settings:
        return KafkaProducer(
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
            **settings,
        )


def open_consumer(bootstrap: At, client_id: str, group: str | None, most: int = 200) -> KafkaConsumer:
    """A consumer that starts at the beginning, reads what is committed, and commits only what it is told.

    :param group: None for a reader without a group, which seeks for itself.
    :raises KafkaError: no broker answers in time, or we are not let in (``Refused``).
    """
    with access(bootstrap) as settings:
        return KafkaConsumer(
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
            metadata_max_age_ms=METADATA,
            reconnect_backoff_max_ms=2_000,
            allow_auto_create_topics=False,
            metrics_enabled=False,
            **settings,
        )


@contextlib.contextmanager
def open_admin(bootstrap: At) -> Iterator[KafkaAdminClient]:
    """The administrator's client, closed afterwards.

    :raises KafkaError: no broker answers in time, or we are not let in (``Refused``).
    """
    with access(bootstrap) as settings:
        admin = KafkaAdminClient(
            client_id="stairs-admin",
            bootstrap_timeout_ms=BOOTSTRAP,
            request_timeout_ms=REQUEST,
            **settings,
        )
    try:
        yield admin
    finally:
        admin.close()


def fetch(consumer: KafkaConsumer, wait: float) -> Sequence[Fetched]:
    """What came within ``wait`` seconds, in order per partition.

    :raises KafkaError: this consumer is of no more use.
    """
    _finish_joining(consumer)
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


def is_joining(consumer: KafkaConsumer) -> bool:
    """Whether a join is under way whose answer this consumer has not taken in."""
    return _state(consumer) == MemberState.REBALANCING


def has_joined(consumer: KafkaConsumer) -> bool:
    """Whether it is in its group, with whatever partitions."""
    return _state(consumer) == MemberState.STABLE


def _state(consumer: KafkaConsumer) -> str:
    return str(consumer.group_metadata().state)  # type: ignore[no-untyped-call]  # the stubs leave it out


def _finish_joining(consumer: KafkaConsumer) -> None:
    """Have the next poll go on with a join that the last one left under way.

    A leader of 3.0.12 that joins again because its topics' partitions changed notes the new ones as assigned
    before the group has answered. A poll that ends in between is the last that asks for that answer: the
    member keeps its old partitions, sends no heartbeat, is put out of its group and never comes back.
    """
    if is_joining(consumer):
        consumer._coordinator.request_rejoin()  # type: ignore[attr-defined]  # there is no public way to insist


def post(producer: KafkaProducer, record: Record) -> Sending:
    """Hand a record to the producer; ``wait_for`` tells how it went.

    :raises KafkaError: it does not even take it.
    """
    return producer.send(record.topic, record.value, record.key, list(record.headers))


def wait_for(sending: Sending, seconds: float) -> bool:
    """Whether it is acknowledged by now, or within this time.

    :raises KafkaError: it will never be.
    """
    try:
        sending.get(timeout=max(0.0, seconds))  # type: ignore[no-untyped-call]  # the stubs leave it out
    except KafkaTimeoutError:
        if sending.is_done:
            raise
        return False
    return True


def discard(producer: KafkaProducer) -> None:
    """Close a producer that has failed; its pending records fail with it."""
    try:
        producer.close(timeout=PARTING)
    except KafkaError:  # records are pending that will never go out, and the sender's thread lives on
        sender = producer._sender  # type: ignore[attr-defined]  # there is no public way to end it
        sender.force_close()
        sender.join(2.0)


def subscribe(consumer: KafkaConsumer, topics: Sequence[str], listener: Listener) -> None:
    """Join the group; the stubs do not know that a listener may be asynchronous."""
    consumer.subscribe(topics, listener=cast("ConsumerRebalanceListener", listener))
