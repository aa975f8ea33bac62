"""Whether the cluster can be used: a line of ``/readyz`` wherever Kafka carries the events (contract §1).

Filings go on while Kafka is away, and are published when it is back. A balancer that should go on too asks
``/healthz`` of an API; ``/readyz`` is for whoever wants to know that everything works.
"""

from __future__ import annotations

import asyncio
import time

from shared.messaging.kafka_types import KafkaError, open_admin

FRESH = 5.0  # seconds for which an answer holds: a look at a cluster costs a connection and a thread


def broker_checks(bootstrap: str | None) -> dict[str, BrokerCheck]:
    """What readiness must ask beside the store: the broker, where there is one."""
    return {"broker": BrokerCheck(bootstrap)} if bootstrap else {}


class BrokerCheck:
    """Asks the cluster to describe itself."""

    def __init__(self, bootstrap: str, *, fresh: float = FRESH) -> None:
        self._bootstrap, self._fresh = bootstrap, fresh
        self._asking = asyncio.Lock()
        self._asked_at = float("-inf")
        self._reason: str | None = None

    async def __call__(self) -> str | None:
        """None, or in a few words why not."""
        async with self._asking:
            if time.monotonic() - self._asked_at > self._fresh:
                self._reason = await asyncio.to_thread(self._ask)
                self._asked_at = time.monotonic()
            return self._reason

    def _ask(self) -> str | None:
        try:
            with open_admin(self._bootstrap) as admin:
                return None if admin.describe_cluster()["brokers"] else "the cluster has no broker"
        except KafkaError as error:
            return f"no cluster answers at KAFKA_BOOTSTRAP_SERVERS ({type(error).__name__})"
