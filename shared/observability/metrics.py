"""Numbers for Prometheus. Labels are names of ours (route templates, loops, topics): never anything personal.

A process has one registry, as Prometheus means it; asking twice for a metric gives the same one.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


@cache
def registry() -> CollectorRegistry:
    """This process's registry, with the usual figures about the process itself."""
    # a second series per series, which nobody reads
    disable_created_metrics()  # type: ignore[no-untyped-call]  # prometheus-client left it untyped
    made = CollectorRegistry()
    ProcessCollector(registry=made)
    PlatformCollector(registry=made)
    GCCollector(registry=made)
    return made


@cache
def counter(name: str, meaning: str, labels: tuple[str, ...] = ()) -> Counter:
    """Something that only grows; ``name`` without ``_total``."""
    return Counter(f"stairs_{name}", meaning, labels, registry=registry())


@cache
def gauge(name: str, meaning: str, labels: tuple[str, ...] = ()) -> Gauge:
    """Something that goes up and down."""
    return Gauge(f"stairs_{name}", meaning, labels, registry=registry())


@cache
def histogram(
    name: str, meaning: str, labels: tuple[str, ...] = (), buckets: tuple[float, ...] = SECONDS
) -> Histogram:
    """How long (or large) things are; ``name`` ends in its unit."""
    return Histogram(f"stairs_{name}", meaning, labels, registry=registry(), buckets=buckets)


def samples(name: str) -> Iterator[tuple[tuple[str, ...], float]]:
    """What a gauge of this name says now: its labels' values and its own; nothing if there is none."""
    for family in registry().restricted_registry([f"stairs_{name}"]).collect():
        for sample in family.samples:
            yield tuple(sample.labels.values()), sample.value


def exposition() -> bytes:
    """Everything measured so far, in Prometheus' text form."""
    return generate_latest(registry())


class RequestMetrics:
    """Requests by method, route template and status, and how long they took.

    The labelled children are kept: looking one up costs more than counting.
    """

    def __init__(self) -> None:
        self._count = counter("http_requests", "Requests answered.", ("method", "route", "status"))
        self._duration = histogram("http_request_seconds", "Time to answer.", ("method", "route"))
        self._counts: dict[tuple[str, str, int], Counter] = {}
        self._durations: dict[tuple[str, str], Histogram] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request was answered."""
        counted = self._counts.get((method, route, status))
        if counted is None:
            counted = self._counts[method, route, status] = self._count.labels(method, route, str(status))
        counted.inc()
        timed = self._durations.get((method, route))
        if timed is None:
            timed = self._durations[method, route] = self._duration.labels(method, route)
        timed.observe(seconds)
