"""The object graph of each process, built by hand, closed in reverse; only here adapters are named."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from services.incidents.api.dependencies import IncidentDependencies
from services.incidents.application.cases import Cases
from services.incidents.application.concerns import Concerns
from services.incidents.application.corrections import Corrections
from services.incidents.application.discussions import Discussions
from services.incidents.application.filing_protocols import FilingProtocols
from services.incidents.application.records import Records
from services.incidents.application.uploads import Uploads
from services.incidents.application.windows import Windows
from services.incidents.messaging.inbound import APPEALS_SOURCE, APPEALS_TOPIC, of_appeals, of_ourselves
from services.incidents.messaging.mail import MAIL_SOURCE, MAIL_TOPIC, of_notifications
from services.incidents.messaging.outbound import SOURCE, TOPIC, publish
from services.incidents.providers.case_numbers import PostgresCaseNumbers
from services.incidents.providers.sheets import Sheets
from services.incidents.providers.vault import Vault, read_key
from services.incidents.reactions.deadlines import CaseDeadlines
from services.incidents.read_model.case_list import CaseList
from services.incidents.read_model.case_mail import CaseMail, forget
from services.incidents.read_model.concern_list import ConcernList, ConcernSearch
from services.incidents.read_model.queries import CaseSearch
from services.incidents.rulebooks.library import Library
from services.incidents.settings import IncidentsSettings
from shared.deadlines.search import DeadlineSearch
from shared.deadlines.table import DeadlineList
from shared.deadlines.upkeep import FactSource, LedgerUpkeep, ledger_upkeep
from shared.kernel.clock import Clock
from shared.messaging.consuming.consumer import Consumer
from shared.messaging.consuming.feed import Feed
from shared.messaging.consuming.http_feed import HttpFeed
from shared.messaging.consuming.own_feed import OwnFeed
from shared.messaging.kafka.cluster import Cluster
from shared.messaging.kafka.feed import KafkaFeed
from shared.messaging.publishing.public_feed import PublicFeed
from shared.messaging.publishing.relay import Relay
from shared.messaging.store_lags import StoreLags
from shared.observability.lags import Lags
from shared.persistence.appender import Appender
from shared.persistence.codec import Codec
from shared.persistence.engine import async_engine, open_pool
from shared.persistence.faults import translated
from shared.persistence.probe import store_trouble
from shared.persistence.projector import Projector
from shared.persistence.pruning import keep_pruned
from shared.persistence.store import PostgresStore
from shared.persistence.tail import Tail
from shared.persistence.unit_of_work import UnitsOfWork
from shared.process import dead_letters as dead_letter_desk
from shared.process.clock import clock_for
from shared.process.loops import Loop
from shared.process.republish import RepublishSource as PublishedStore

PACKAGE = "services.incidents"
TABLE = "incidents_events"
CONSUMER = "incidents"  # of what appeals publishes: the consumer group, and the name in the inbox
MAIL = "incidents-mail"  # of what became of the mails: a group of its own, neither waits for the other
REACTIONS = "incidents-reactions"  # to what we publish ourselves
SERVICE = "incidents"  # in the identity of its deadlines
PROJECTIONS = (CaseList(), ConcernList(), DeadlineList())


@dataclass(frozen=True)
class Foundation:
    """What every process of this service stands on."""

    engine: AsyncEngine
    tail: Tail
    codec: Codec

    async def usable(self) -> str | None:
        """For ``/readyz``: why the store cannot be used, if it cannot."""
        return await store_trouble(self.engine, PACKAGE)


@dataclass(frozen=True)
class ApiGraph:
    """What the API process works with."""

    foundation: Foundation
    store: PostgresStore
    desk: IncidentDependencies
    deadlines: DeadlineSearch


@asynccontextmanager
async def foundation(settings: IncidentsSettings) -> AsyncIterator[Foundation]:
    """The database, as reader of rows and follower of facts; connects when first used."""
    async with AsyncExitStack() as stack:
        codec = Codec()
        engine = async_engine(settings.database_url)
        stack.push_async_callback(engine.dispose)
        tail = Tail(settings.database_url, TABLE, codec)
        stack.push_async_callback(tail.close)
        yield Foundation(engine, tail, codec)


@asynccontextmanager
async def api(settings: IncidentsSettings, library: Library, clock: Clock) -> AsyncIterator[ApiGraph]:
    """The API's graph; on the way out the appender is drained first."""
    async with AsyncExitStack() as stack:
        base = await stack.enter_async_context(foundation(settings))
        pool = await open_pool(settings.database_url)
        stack.push_async_callback(pool.close)
        appender = Appender(settings.database_url, TABLE)
        await appender.start()
        stack.push_async_callback(appender.drain)
        store = PostgresStore(appender, pool, TABLE, base.codec)
        vault = Vault(pool, read_key(settings.kek_file), read_key(settings.ref_key_file))
        search = CaseSearch(base.engine)
        cases = Cases(store, vault, PostgresCaseNumbers(pool), library)
        desk = IncidentDependencies(
            cases=cases,
            records=Records(store, store, vault),
            search=search,
            shelf=library,
            vault=vault,
            changes=PublicFeed(base.tail, publish, SOURCE),
            clock=clock,
            case_mail=CaseMail(base.engine),
            uploads=Uploads(cases, Sheets()),
            windows=Windows(store, library),
            discussions=Discussions(store),
            concerns=Concerns(store),
            concern_list=ConcernSearch(base.engine),
            filing_protocols=FilingProtocols(store),
            corrections=Corrections(search),
        )
        yield ApiGraph(base, store, desk, DeadlineSearch(base.engine))


def lags(settings: IncidentsSettings, base: Foundation, *, limit: float | None = None) -> Lags:
    """What this service is behind with, as its database tells any of its processes."""
    of_the_store = StoreLags(
        base.engine,
        base.tail,
        SOURCE,
        projections=PROJECTIONS,
        consumers=[CONSUMER, REACTIONS, MAIL],
        relayed=settings.kafka is not None,
    )
    return Lags(of_the_store.measure, limit=limit)


def loops(settings: IncidentsSettings, base: Foundation, behind: Lags | None = None) -> dict[str, Loop]:
    """The worker's loops: lists, reactions, news of appeals and mails, deadlines, relay, pruning."""
    units = UnitsOfWork(base.engine, TABLE, base.codec)
    own = OwnFeed(base.tail, base.engine, publish, SOURCE, REACTIONS)
    news = _news_of_appeals(settings, base.engine)
    running: dict[str, Loop] = {
        f"projection:{each.name}": Projector(base.engine, base.tail, each).run for each in PROJECTIONS
    }
    consumers = {
        "reactions": Consumer(REACTIONS, own, units, of_ourselves()),
        "appeals": Consumer(CONSUMER, news, units, of_appeals()),
        "mail": Consumer(MAIL, _news_of_mail(settings, base.engine), units, of_notifications()),
    }
    for name, consumer in consumers.items():
        running[name] = consumer.run
        if behind is not None:
            behind.also(consumer.measure)
    running.update(clocks(base, clock_for(settings.stairs_clock_file)).loops())
    running["pruning"] = lambda stop: keep_pruned(base.engine, stop)
    if settings.relay_embedded and settings.kafka:
        running["relay"] = relay(base, settings.kafka).run
    return running


def clocks(base: Foundation, clock: Clock) -> LedgerUpkeep:
    """From the facts of cases and windows to deadlines, and what is noticed of them."""
    keeper = CaseDeadlines(Library.from_folder(), Projector(base.engine, base.tail, CaseList()))
    return ledger_upkeep(SERVICE, FactSource(base.engine, base.tail, TABLE), keeper, clock)


def relay(base: Foundation, cluster: Cluster) -> Relay:
    """From our facts to our topic."""
    return Relay(SOURCE, TOPIC, base.tail, publish, cluster, base.engine)


def dead_letters(settings: IncidentsSettings, base: Foundation) -> dead_letter_desk.Desk:
    """Who sees to what could not be handled."""
    units = UnitsOfWork(base.engine, TABLE, base.codec)
    reactions = {CONSUMER: of_appeals(), REACTIONS: of_ourselves(), MAIL: of_notifications()}
    return dead_letter_desk.Desk(base.engine, units, reactions, settings.kafka)


def published(settings: IncidentsSettings, base: Foundation) -> PublishedStore:
    """What can be published again."""
    return PublishedStore(SOURCE, TOPIC, base.tail, publish, base.engine, settings.kafka)


def _news_of_appeals(settings: IncidentsSettings, engine: AsyncEngine) -> Feed:
    if settings.kafka:
        return KafkaFeed(settings.kafka, [APPEALS_TOPIC], CONSUMER, engine)
    return HttpFeed(settings.appeals_url, settings.system_token_file, engine, CONSUMER, source=APPEALS_SOURCE)


def _news_of_mail(settings: IncidentsSettings, engine: AsyncEngine) -> Feed:
    if settings.kafka:
        return KafkaFeed(settings.kafka, [MAIL_TOPIC], MAIL, engine)
    url, token_file = settings.notifications_url, settings.system_token_file
    return HttpFeed(url, token_file, engine, MAIL, source=MAIL_SOURCE)


async def forget_mail(base: Foundation) -> None:
    """Know nothing of any mail; the worker, stopped meanwhile, then follows them from their beginning.

    :raises StoreUnavailable: the database is away.
    """
    with translated():
        async with base.engine.begin() as connection:
            await forget(connection, MAIL, MAIL_SOURCE)
