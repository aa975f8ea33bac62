"""The loops of a service's worker, and of a relay that is a process of its own.

Their names, as ``loops_started`` and ``loop_failed`` say them in the log:

    projection:LIST               folds facts into a read model
    consumer:NAME                 handles events; consumer:NAME:PRODUCER if it reads several feeds
    deadlines                     starts, moves and ends deadlines by the service's facts
    notices                       notices warnings that are due and deadlines that ran out
    pruning                       deletes the answers kept under old idempotency keys (ADR 0009)
    relay                         publishes to Kafka
    student_keys                  removes keys that no fact names (incidents)
    health                        answers /healthz, /readyz and /metrics
"""

from __future__ import annotations

from collections.abc import Iterator

from shared.chassis.definition import Foundation, Producer, S, ServiceDefinition, Subscription
from shared.chassis.foundation import foundation, lags, require_all
from shared.chassis.health import health
from shared.deadlines.upkeep import FactSource, LedgerUpkeep, ledger_upkeep
from shared.http.readiness import Readiness
from shared.kernel.clock import Clock
from shared.messaging.consuming.consumer import Consumer
from shared.messaging.consuming.feed import Feed
from shared.messaging.consuming.http_feed import HttpFeed
from shared.messaging.consuming.own_feed import OwnFeed
from shared.messaging.kafka.cluster import Cluster
from shared.messaging.kafka.feed import KafkaFeed
from shared.messaging.publishing.relay import Relay
from shared.observability.lags import Lags
from shared.persistence.projector import Projector
from shared.persistence.pruning import keep_pruned
from shared.process.loops import Loop, run_loops


async def work(service: ServiceDefinition[S], settings: S) -> None:
    """Run the worker until it is told to stop."""
    async with foundation(service, settings, every_row=True) as base:
        behind = lags(base, limit=settings.ready_lag_seconds)
        await run_loops(worker_loops(base, behind) | health_loop(base, behind))


async def relay(service: ServiceDefinition[S], settings: S, cluster: Cluster) -> None:
    """Run the relay alone until it is told to stop; the worker must not run one (RELAY_EMBEDDED=false)."""
    async with foundation(service, settings, every_row=True) as base:
        behind = lags(base, limit=settings.ready_lag_seconds)
        await run_loops(relay_loop(base, cluster) | health_loop(base, behind))


def worker_loops(base: Foundation[S], behind: Lags | None = None) -> dict[str, Loop]:
    """Every loop of the worker except ``health``, by name.

    :param behind: collects how many messages wait for each consumer.
    """
    found: dict[str, Loop] = {}
    for projection in base.service.projections:
        found[f"projection:{projection.name}"] = Projector(base.engine, base.tail, projection).run
    for name, consumer in consumers(base):
        found[name] = consumer.run
        if behind is not None:
            behind.also(consumer.measure)
    found.update(deadlines(base).loops())
    found["pruning"] = lambda stop: keep_pruned(base.engine, stop)
    found.update(base.service.loops(base))
    if base.settings.relay_embedded and base.settings.kafka:
        found.update(relay_loop(base, base.settings.kafka))
    return found


def relay_loop(base: Foundation[S], cluster: Cluster) -> dict[str, Loop]:
    """The loop that publishes the service's facts to its topic."""
    service = base.service
    relay = Relay(service.source, service.topic, base.tail, service.publish, cluster, base.engine)
    return {"relay": relay.run}


def health_loop(base: Foundation[S], behind: Lags) -> dict[str, Loop]:
    """The loop of the health routes, if the settings name a port for it."""
    if base.settings.worker_health_port is None:
        return {}
    readiness = require_all(Readiness(), base, behind)
    port, limits = base.settings.worker_health_port, base.settings.connections
    return {"health": health(readiness, port, limits=limits)}


def deadlines(base: Foundation[S], clock: Clock | None = None) -> LedgerUpkeep:
    """The loops that keep the service's deadlines.

    :param clock: another clock than the process's own; for tests.
    """
    service = base.service
    facts, keeper = FactSource(base.engine, base.tail, service.table), service.deadlines(base)
    return ledger_upkeep(service.name, facts, keeper, clock or base.clock, told=service.noticed)


def consumers(base: Foundation[S]) -> Iterator[tuple[str, Consumer]]:
    """Each consumer with the name of its loop; one that reads several changes feeds has a loop for each."""
    for each in base.service.subscriptions(base):
        for name, feed in _feeds(base, each):
            yield name, Consumer(each.consumer, feed, base.units, each.handlers)


def _feeds(base: Foundation[S], subscription: Subscription) -> Iterator[tuple[str, Feed]]:
    name, consumer = f"consumer:{subscription.consumer}", subscription.consumer
    producers, cluster = subscription.producers, base.settings.kafka
    if not producers:
        service = base.service
        yield name, OwnFeed(base.tail, base.engine, service.publish, service.source, consumer)
    elif cluster is not None:
        yield name, KafkaFeed(cluster, [each.topic for each in producers], consumer, base.engine)
    elif len(producers) == 1:
        yield name, _changes_of(producers[0], base, consumer)
    else:
        for each in producers:
            yield f"{name}:{each.source.removeprefix('/')}", _changes_of(each, base, consumer)


def _changes_of(producer: Producer, base: Foundation[S], consumer: str) -> HttpFeed:
    token_file = base.settings.system_token_file
    return HttpFeed(producer.url, token_file, base.engine, consumer, source=producer.source)
