"""What one service is, as data and functions: everything in which it differs from the other services."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

import asyncpg
from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.deadlines.follower import DeadlineReaction
from shared.deadlines.poller import Told
from shared.deadlines.routes import DeadlineQueries
from shared.deadlines.search import DeadlineSearch
from shared.deadlines.table import DeadlineList
from shared.http.openapi import Description
from shared.kernel.clock import Clock
from shared.messaging.consuming.consumer import Handler
from shared.messaging.publishing.outgoing import Outbound
from shared.observability.lags import Measure
from shared.persistence.codec import Codec
from shared.persistence.folding import Projection
from shared.persistence.probe import store_trouble
from shared.persistence.store import PostgresStore
from shared.persistence.tail import Tail
from shared.persistence.unit_of_work import UnitsOfWork
from shared.process.loops import Loop
from shared.process.settings import ServiceSettings

S = TypeVar("S", bound=ServiceSettings)


@dataclass(frozen=True)
class Producer:
    """Another service that this one follows: by its Kafka topic, or without Kafka by its changes feed."""

    source: str  # its ``ce_source``: "/incidents"
    topic: str
    url: str  # of its API


@dataclass(frozen=True)
class Subscription:
    """What one consumer of the service follows, and what each event causes."""

    consumer: str  # the consumer group, and the name in inbox, positions and dead letters
    handlers: Mapping[str, Handler]  # by event type
    producers: Sequence[Producer] = ()  # none: the events that the service itself publishes


@dataclass(frozen=True)
class Foundation(Generic[S]):
    """What every process of a service stands on: its settings, its database and its clock."""

    service: ServiceDefinition[S]
    settings: S
    clock: Clock
    engine: AsyncEngine
    tail: Tail
    units: UnitsOfWork
    codec: Codec

    async def usable(self) -> str | None:
        """For ``/readyz``: the reason why the database cannot be used now; None if it can."""
        return await store_trouble(self.engine, self.service.package)


@dataclass(frozen=True)
class Writing:
    """What only an API has: the store that its use cases save to, and a pool for reading."""

    store: PostgresStore
    pool: asyncpg.Pool[asyncpg.Record]


def _none(_base: Foundation[S]) -> Mapping[str, Loop]:
    return {}


def _nothing(_base: Foundation[S]) -> Sequence[Measure]:
    return ()


@dataclass(frozen=True, kw_only=True)
class ServiceDefinition(Generic[S]):
    """One service.

    Each function is called with the foundation of the process, and may be called more than once.
    """

    name: str  # "incidents": its package, event table, settings and deadlines are named after it
    title: str  # of its API
    description: Description | None = None  # what its OpenAPI document tells beside what the routes say
    settings: type[S]
    source: str  # the ``ce_source`` of what it publishes
    topic: str
    publish: Outbound
    lists: Sequence[Projection]  # its own read models; every service has the list of deadlines, too
    routers: Sequence[APIRouter]  # its own; every service has deadlines, changes and the process's own, too
    deadline_queries: Callable[[DeadlineSearch], DeadlineQueries]  # the ledger, for those who may read it
    dependencies: Callable[[Foundation[S], Writing], object]  # what its routes work with
    subscriptions: Callable[[Foundation[S]], Sequence[Subscription]]
    deadlines: Callable[[Foundation[S]], DeadlineReaction]  # what its facts mean for its deadlines
    noticed: Told | None = None  # hears of every warning and missed deadline, after it is stored
    loops: Callable[[Foundation[S]], Mapping[str, Loop]] = _none  # of its worker, beside the common ones
    measures: Callable[[Foundation[S]], Sequence[Measure]] = _nothing  # gauges, beside the common ones
    guarded: Mapping[str, str] = field(default_factory=dict)  # tables with less than the ordinary rights

    @property
    def package(self) -> str:
        """Where its migrations are."""
        return f"services.{self.name}"

    @property
    def table(self) -> str:
        """The table of its facts."""
        return f"{self.name}_events"

    @property
    def database_setting(self) -> str:
        """The environment variable that names its database."""
        return f"{self.name.upper()}_DATABASE_URL"

    @property
    def owner_setting(self) -> str:
        """The environment variable that names its database as its owner knows it."""
        return f"{self.name.upper()}_OWNER_DATABASE_URL"

    @property
    def projections(self) -> Sequence[Projection]:
        """All its read models."""
        return (*self.lists, DeadlineList())
