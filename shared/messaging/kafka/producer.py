"""Sends records and always returns an answer: how many are acknowledged, and the error that ended it.

An idempotent producer of kafka-python 3.0.12 cannot be used after an error: one record refused by the broker
makes every later send fail, and after a batch expires the producer never answers again. So every wait has a
limit, a producer that has failed is discarded, and the next send opens another.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from shared.messaging.kafka.client import (
    DELIVERY,
    LARGEST_REQUEST,
    KafkaError,
    KafkaProducer,
    MessageSizeTooLargeError,
    NotAcknowledged,
    Record,
    Sending,
    discard,
    open_producer,
    post,
    wait_for,
)
from shared.messaging.kafka.cluster import At

PATIENCE = DELIVERY / 1000 + 2.0  # seconds for a whole batch: the producer should have given up before
SLICE = 0.5  # seconds after which a waiting sender looks whether it is to end


@dataclass(frozen=True)
class Sent:
    """What became of a batch: how many records from its start are acknowledged, and why the next is not."""

    acknowledged: int
    error: KafkaError | None = None


class Outlet(Protocol):
    """The port by which the relay and the dead letters send records."""

    async def send(self, records: Sequence[Record]) -> Sent:
        """Send in order and wait; never raises for what a broker does."""
        ...

    async def close(self) -> None:
        """Close it; idempotent."""
        ...


class Publisher:
    """The outlet to Kafka, on a thread of its own: kafka-python blocks."""

    def __init__(self, bootstrap: At, client_id: str, *, largest: int = LARGEST_REQUEST) -> None:
        self._bootstrap, self._client_id, self._largest = bootstrap, client_id, largest
        self._producer: KafkaProducer | None = None
        self._closing = threading.Event()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"publisher-{client_id}")

    async def send(self, records: Sequence[Record]) -> Sent:
        """Send in order and wait for the acknowledgements, ``PATIENCE`` seconds at most."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._send, records)

    async def close(self) -> None:
        """Give up the records on their way and close the producer."""
        if self._closing.is_set():
            return
        self._closing.set()
        await asyncio.get_running_loop().run_in_executor(self._thread, self._discard)
        self._thread.shutdown(wait=False)

    def _send(self, records: Sequence[Record]) -> Sent:
        fitting = next((n for n, record in enumerate(records) if record.size > self._largest), len(records))
        sent = self._send_fitting(records[:fitting])
        if sent.error is None and fitting < len(records):
            size = records[fitting].size
            error = MessageSizeTooLargeError(f"{size} bytes; the largest that is sent are {self._largest}")
            sent = Sent(fitting, error)
        if sent.error is not None:
            self._discard()
        return sent

    def _send_fitting(self, records: Sequence[Record]) -> Sent:
        sendings: list[Sending] = []
        failed: KafkaError | None = None
        try:
            if self._producer is None:
                self._producer = open_producer(self._bootstrap, self._client_id, largest=self._largest + 1024)
            sendings.extend(post(self._producer, record) for record in records)
        except KafkaError as error:
            failed = error
        sent = self._acknowledged(sendings)
        return sent if sent.error is not None else Sent(sent.acknowledged, failed)

    def _acknowledged(self, sendings: Sequence[Sending]) -> Sent:
        deadline = time.monotonic() + PATIENCE
        for number, sending in enumerate(sendings):
            try:
                while not wait_for(sending, min(SLICE, deadline - time.monotonic())):
                    if time.monotonic() > deadline or self._closing.is_set():
                        raise NotAcknowledged(f"{len(sendings) - number} records, within {PATIENCE:g} s")
            except KafkaError as error:
                return Sent(number, error)
        return Sent(len(sendings))

    def _discard(self) -> None:
        producer, self._producer = self._producer, None
        if producer is not None:
            discard(producer)
