"""Whether the cluster can be used: a line of ``/readyz`` wherever Kafka carries the events (contract §1).

Filings go on while Kafka is away, and are published when it is back. A balancer that should go on too asks
``/healthz`` of an API; ``/readyz`` is for whoever wants to know that everything works.
"""

from __future__ import annotations

import asyncio
import time

from shared.messaging.kafka.client import KafkaError, KafkaTimeoutError, open_admin
from shared.messaging.kafka.cluster import At, Refused

FRESH = 5.0  # seconds for which an answer holds: a look at a cluster costs a connection and a thread
SOON = 1.5  # seconds for which an asker waits: less than the patience of ``/readyz``
AWAY = "no cluster answers at KAFKA_BOOTSTRAP_SERVERS"


def broker_checks(bootstrap: At | None) -> dict[str, BrokerCheck]:
    """What readiness must ask beside the store: the broker, where there is one."""
    return {"broker": BrokerCheck(bootstrap)} if bootstrap else {}


class BrokerCheck:
    """Asks the cluster to describe itself."""

    def __init__(self, bootstrap: At, *, fresh: float = FRESH) -> None:
        self._bootstrap, self._fresh = bootstrap, fresh
        self._asking: asyncio.Task[None] | None = None
        self._asked_at = float("-inf")
        self._reason: str | None = None

    async def __call__(self) -> str | None:
        """None, or in a few words why not."""
        if self._asking is None and time.monotonic() - self._asked_at > self._fresh:
            self._asking = asyncio.create_task(self._look())
        if self._asking is not None:
            try:
                await asyncio.wait_for(asyncio.shield(self._asking), SOON)
            except TimeoutError:
                return self._reason or f"no answer from the cluster within {SOON:g} s"
        return self._reason

    async def _look(self) -> None:
        try:
            self._reason = await asyncio.to_thread(self._ask)
        finally:
            self._asked_at, self._asking = time.monotonic(), None

    def _ask(self) -> str | None:
        try:
            with open_admin(self._bootstrap) as admin:
                return None if admin.describe_cluster()["brokers"] else "the cluster has no broker"
        except Refused as reason:
            return str(reason)
        except KafkaTimeoutError:  # somebody took the connection, and did not talk as we do
            return f"{AWAY} (KafkaTimeoutError), though its port does: see KAFKA_SECURITY_PROTOCOL"
        except KafkaError as error:
            return f"{AWAY} ({type(error).__name__})"
