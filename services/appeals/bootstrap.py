"""The object graphs of the processes, built by hand, closed in reverse; only here are all of them named."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncEngine

from services.appeals.api.dependencies import AppealDependencies
from services.appeals.application.adoption import Adoption
from services.appeals.application.appeals import Appeals
from services.appeals.application.requests import AppealRequests
from services.appeals.domain.calendar_adoption import Move
from services.appeals.messaging import inbound, outbound
from services.appeals.providers.appeal_numbers import CountedNumbers
from services.appeals.reactions.deadlines import AppealDeadlines
from services.appeals.read_model.appeal_list import AppealList
from services.appeals.read_model.calendar_watch import undecided, watch_calendars
from services.appeals.read_model.known_cases import KnownCaseTable
from services.appeals.read_model.queries import AppealQueries
from services.appeals.rulebooks.library import read_rulebooks
from services.appeals.settings import AppealsSettings
from shared.deadlines.search import DeadlineSearch
from shared.deadlines.table import DeadlineList
from shared.deadlines.upkeep import FactSource, LedgerUpkeep, ledger_upkeep
from shared.kernel.actor import Actor, Role
from shared.kernel.clock import Clock
from shared.kernel.store import ATTEMPTS, StreamMoved
from shared.messaging.consuming.consumer import Consumer
from shared.messaging.consuming.feed import Feed
from shared.messaging.consuming.http_feed import HttpFeed
from shared.messaging.kafka.feed import KafkaFeed
from shared.messaging.publishing.public_feed import PublicFeed
from shared.messaging.publishing.relay import Relay
from shared.messaging.store_lags import StoreLags
from shared.observability.lags import Lags
from shared.persistence.appender import Appender
from shared.persistence.codec import Codec
from shared.persistence.engine import async_engine, open_pool
from shared.persistence.probe import store_trouble
from shared.persistence.projector import Projector
from shared.persistence.store import PostgresStore
from shared.persistence.tail import Tail
from shared.persistence.unit_of_work import UnitsOfWork
from shared.process import dead_letters as dead_letter_desk
from shared.process.clock import clock_for
from shared.process.loops import Loop
from shared.process.republish import RepublishSource as PublishedStore

PACKAGE = "services.appeals"
TABLE = "appeals_events"
PROJECTIONS = (AppealList(), DeadlineList())
CONSUMER = "appeals"  # the consumer group, and the name in the inbox


@dataclass(frozen=True)
class Store:
    """This service's database and what every process does with it."""

    url: str
    engine: AsyncEngine
    tail: Tail

    async def usable(self) -> str | None:
        """For ``/readyz``: why the database cannot be used now, if it cannot."""
        return await store_trouble(self.engine, PACKAGE)


@dataclass(frozen=True)
class ApiParts:
    """What the API process consists of."""

    desk: AppealDependencies
    store: Store
    events: PostgresStore
    deadlines: DeadlineSearch


@asynccontextmanager
async def open_store(settings: AppealsSettings) -> AsyncIterator[Store]:
    """The database."""
    async with AsyncExitStack() as closing:
        engine = async_engine(settings.database_url)
        closing.push_async_callback(engine.dispose)
        tail = Tail(settings.database_url, TABLE, Codec())
        closing.push_async_callback(tail.close)
        yield Store(settings.database_url, engine, tail)


@asynccontextmanager
async def open_api(settings: AppealsSettings, *, clock: Clock | None = None) -> AsyncIterator[ApiParts]:
    """The API's graph; on the way out the appender is drained first.

    :param clock: another clock than the one that the settings ask for; for tests.
    """
    async with open_store(settings) as store, AsyncExitStack() as closing:
        pool = await open_pool(settings.database_url)
        closing.push_async_callback(pool.close)
        appender = Appender(settings.database_url, TABLE)
        await appender.start()
        closing.push_async_callback(appender.drain)
        events = PostgresStore(appender, pool, TABLE, Codec())
        desk = _desk(store, events, clock or clock_for(settings.stairs_clock_file))
        yield ApiParts(desk, store, events, DeadlineSearch(store.engine))


def _desk(store: Store, events: PostgresStore, clock: Clock) -> AppealDependencies:
    rulebooks = read_rulebooks()
    cases = KnownCaseTable(store.engine)
    return AppealDependencies(
        requests=AppealRequests(
            events, cases=cases, numbers=CountedNumbers(store.engine), policies=rulebooks
        ),
        appeals=Appeals(events, cases=cases, policies=rulebooks),
        queries=AppealQueries(store.engine),
        changes=PublicFeed(store.tail, outbound.publish, outbound.SOURCE),
        clock=clock,
    )


def lags(settings: AppealsSettings, store: Store, *, limit: float | None = None) -> Lags:
    """What this service is behind with, as its database tells any of its processes."""
    of_the_store = StoreLags(
        store.engine,
        store.tail,
        outbound.SOURCE,
        projections=PROJECTIONS,
        consumers=[CONSUMER],
        relayed=settings.kafka is not None,
    )
    return Lags(of_the_store.measure, limit=limit)


def worker_loops(settings: AppealsSettings, store: Store, behind: Lags | None = None) -> Mapping[str, Loop]:
    """The worker: keep the lists, learn of cases, keep the clocks, and relay unless another process does.

    :param behind: where to tell what waits for it.
    """
    units = UnitsOfWork(store.engine, TABLE, Codec())
    inbox = Consumer(CONSUMER, incidents_feed(settings, store), units, inbound.handlers())
    if behind is not None:
        behind.also(inbox.measure)
    loops: dict[str, Loop] = {
        "projector": Projector(store.engine, store.tail, AppealList()).run,
        "projector of deadlines": Projector(store.engine, store.tail, DeadlineList()).run,
        "calendars": lambda stop: watch_calendars(store.engine, read_rulebooks().calendar_version, stop),
        **clocks(store, clock_for(settings.stairs_clock_file)).loops(),
        "inbox": inbox.run,
    }
    return {**loops, **relay_loops(settings, store)} if settings.relay_embedded else loops


def dead_letters(settings: AppealsSettings, store: Store) -> dead_letter_desk.Desk:
    """Who sees to what could not be handled."""
    units = UnitsOfWork(store.engine, TABLE, Codec())
    reactions = {CONSUMER: inbound.handlers()}
    return dead_letter_desk.Desk(store.engine, units, reactions, settings.kafka)


def published(settings: AppealsSettings, store: Store) -> PublishedStore:
    """What can be published again."""
    return PublishedStore(
        outbound.SOURCE, outbound.TOPIC, store.tail, outbound.publish, store.engine, settings.kafka
    )


def clocks(store: Store, clock: Clock) -> LedgerUpkeep:
    """From the facts of appeals to deadlines, and what is noticed of them."""
    keeper = AppealDeadlines(read_rulebooks())
    return ledger_upkeep(inbound.SERVICE, FactSource(store.engine, store.tail, TABLE), keeper, clock)


async def adopt_calendar(settings: AppealsSettings, store: Store, *, really: bool) -> Sequence[Move]:
    """Move running decision clocks to the present calendar; without ``really`` say what that would move."""
    await Projector(store.engine, store.tail, AppealList()).catch_up()
    ids = await undecided(store.engine)
    operator = Actor(sub="appeals", name="STAIRS operator", email="", role=Role.SYSTEM)
    for attempt in range(ATTEMPTS):
        try:
            async with UnitsOfWork(store.engine, TABLE, Codec()).begin() as unit:
                adoption = Adoption(unit.store, read_rulebooks())
                if not really:
                    return await adoption.proposed(ids)
                return await adoption.adopt(
                    ids, uuid4(), operator, clock_for(settings.stairs_clock_file).now()
                )
        except StreamMoved:
            if attempt == ATTEMPTS - 1:
                raise
    return []


def relay_loops(settings: AppealsSettings, store: Store, _behind: Lags | None = None) -> Mapping[str, Loop]:
    """The relay; nothing where there is no Kafka: then others read ``/v1/changes``."""
    if settings.kafka is None:
        return {}
    relay = Relay(
        outbound.SOURCE,
        outbound.TOPIC,
        store.tail,
        outbound.publish,
        settings.kafka,
        store.engine,
    )
    return {"relay": relay.run}


def incidents_feed(settings: AppealsSettings, store: Store) -> Feed:
    """What the incidents service publishes, by Kafka or by its changes feed."""
    if settings.kafka is not None:
        return KafkaFeed(settings.kafka, [inbound.TOPIC], CONSUMER, store.engine)
    return HttpFeed(
        settings.incidents_url, settings.system_token_file, store.engine, CONSUMER, source=inbound.SOURCE
    )
