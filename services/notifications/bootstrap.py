"""The object graph: the only file that names concrete classes. Whatever is opened here is closed here."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from email.headerregistry import Address

from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifications.api.dependencies import NotificationDependencies
from services.notifications.application.directory import Directory
from services.notifications.application.messages import Messages, Stationery
from services.notifications.application.sending import MessageSender, OpenMessages, Resending, overdue
from services.notifications.domain.values import Sender as Author
from services.notifications.messaging import inbound, outbound
from services.notifications.providers.smtp import MailServer, SmtpMailer
from services.notifications.reactions import delivery_deadline
from services.notifications.reactions.dispatch import Dispatch, show_waiting
from services.notifications.read_model.message_list import MessageList
from services.notifications.read_model.outgoing import OutgoingQueue
from services.notifications.read_model.queries import MessageQueries
from services.notifications.rulebooks.mail_writer import TemplateMailWriter
from services.notifications.rulebooks.policy import DEFAULT_YEAR, policies
from services.notifications.settings import NotificationsSettings
from shared.deadlines.search import DeadlineSearch
from shared.deadlines.table import DeadlineList
from shared.deadlines.upkeep import FactSource, LedgerUpkeep, ledger_upkeep
from shared.http.readiness import Readiness
from shared.kernel.clock import Clock
from shared.messaging.consuming.consumer import Consumer, Handler
from shared.messaging.consuming.feed import Feed
from shared.messaging.consuming.http_feed import HttpFeed
from shared.messaging.kafka.cluster import Cluster
from shared.messaging.kafka.feed import KafkaFeed
from shared.messaging.kafka.readiness import broker_checks
from shared.messaging.publishing.public_feed import PublicFeed
from shared.messaging.publishing.relay import Relay
from shared.messaging.store_lags import StoreLags
from shared.observability.lags import Lags
from shared.persistence import rebuild as rebuilding
from shared.persistence.appender import Appender
from shared.persistence.codec import Codec
from shared.persistence.engine import async_engine, open_pool
from shared.persistence.probe import store_trouble
from shared.persistence.projector import Projector
from shared.persistence.pruning import keep_pruned
from shared.persistence.store import PostgresStore
from shared.persistence.tail import Tail
from shared.persistence.unit_of_work import UnitOfWork, UnitsOfWork
from shared.process import dead_letters as dead_letter_desk
from shared.process.clock import clock_for
from shared.process.health import health
from shared.process.loops import Loop
from shared.process.republish import RepublishSource as PublishedStore

PACKAGE = "services.notifications"
PROJECTIONS = (MessageList(), DeadlineList())
TABLE = "notifications_events"
BURST = 20  # mails that one sender takes up at once


@dataclass(frozen=True)
class Ground:
    """What every process of this service stands on."""

    settings: NotificationsSettings
    engine: AsyncEngine
    tail: Tail
    units: UnitsOfWork
    codec: Codec
    stationery: Stationery

    def messages_in(self, unit: UnitOfWork) -> Messages:
        """The use cases within a transaction."""
        return Messages(unit.store, OutgoingQueue(unit.connection), self.stationery)

    @property
    def open_messages(self) -> OpenMessages:
        """The use cases within a transaction of their own."""

        @asynccontextmanager
        async def opened() -> AsyncIterator[Messages]:
            async with self.units.begin() as unit:
                yield self.messages_in(unit)

        return opened


@asynccontextmanager
async def ground(settings: NotificationsSettings) -> AsyncIterator[Ground]:
    """Engine, tail and units; nothing connects before it is used."""
    codec, stationery = Codec(), _stationery(settings)
    async with AsyncExitStack() as stack:
        engine = async_engine(settings.database_url)
        stack.push_async_callback(engine.dispose)
        tail = Tail(settings.database_url, TABLE, codec)
        stack.push_async_callback(tail.close)
        yield Ground(settings, engine, tail, UnitsOfWork(engine, TABLE, codec), codec, stationery)


@asynccontextmanager
async def desk(
    settings: NotificationsSettings, readiness: Readiness
) -> AsyncIterator[tuple[NotificationDependencies, PostgresStore]]:
    """What the API works with; the appender is drained before anything else goes."""
    async with ground(settings) as base, AsyncExitStack() as stack:
        pool = await open_pool(settings.database_url)
        stack.push_async_callback(pool.close)
        appender = Appender(settings.database_url, TABLE)
        await appender.start()
        stack.push_async_callback(appender.drain)
        store = PostgresStore(appender, pool, TABLE, base.codec)
        routes_desk = NotificationDependencies(
            store=store,
            directory=Directory(store),
            resending=Resending(base.open_messages),
            queries=MessageQueries(base.engine),
            changes=PublicFeed(base.tail, outbound.publish, outbound.SOURCE),
            clock=clock_for(settings.stairs_clock_file),
            deadlines=DeadlineSearch(base.engine),
        )
        _require(base, readiness)
        readiness.show(_lags(base))
        yield routes_desk, store


@asynccontextmanager
async def worker_loops(settings: NotificationsSettings) -> AsyncIterator[dict[str, Loop]]:
    """Every loop of the worker: project, follow the others, send, and relay unless a process apart does."""
    async with ground(settings) as base:
        behind = _lags(base, limit=settings.ready_lag_seconds)
        loops: dict[str, Loop] = {
            **{f"projection:{e.name}": Projector(base.engine, base.tail, e).run for e in PROJECTIONS},
            **clocks(base, clock_for(settings.stairs_clock_file)).loops(),
            "pruning": lambda stop: keep_pruned(base.engine, stop),
            **{name: consumer.run for name, consumer in _consumers(base, behind)},
        }
        if settings.delivery == "smtp":
            loops["sender"] = dispatch(base).run
        if settings.kafka and settings.relay_embedded:
            loops["relay"] = _relay(base, settings.kafka).run
        yield loops | _health(base, behind)


@asynccontextmanager
async def relay_loops(settings: NotificationsSettings) -> AsyncIterator[dict[str, Loop]]:
    """The relay alone, where the worker does not embed it.

    :raises SystemExit: no Kafka cluster is configured, so there is nothing to relay to.
    """
    if not settings.kafka:
        raise SystemExit("KAFKA_BOOTSTRAP_SERVERS is not set: there is nothing to relay to")
    async with ground(settings) as base:
        behind = _lags(base, limit=settings.ready_lag_seconds)
        yield {"relay": _relay(base, settings.kafka).run} | _health(base, behind)


async def rebuild(settings: NotificationsSettings, progress: Callable[[str, int, int], None]) -> None:
    """Make every read model anew while the service runs."""
    async with ground(settings) as base:
        for projection in PROJECTIONS:

            def told(done: int, total: int, name: str = projection.name) -> None:
                progress(name, done, total)

            await rebuilding.rebuild(base.engine, base.tail, projection, progress=told)


def _require(base: Ground, readiness: Readiness) -> None:
    """What a process of this service cannot do without."""

    async def store() -> str | None:
        return await store_trouble(base.engine, PACKAGE)

    readiness.require("store", store)
    for name, check in broker_checks(base.settings.kafka).items():
        readiness.require(name, check)


def _lags(base: Ground, *, limit: float | None = None) -> Lags:
    """What this service is behind with, as its database tells any of its processes."""
    of_the_store = StoreLags(
        base.engine,
        base.tail,
        outbound.SOURCE,
        projections=PROJECTIONS,
        consumers=[inbound.CONSUMER],
        relayed=base.settings.kafka is not None,
    )
    clock = clock_for(base.settings.stairs_clock_file)

    async def mails() -> None:
        show_waiting(*await overdue(base.open_messages, clock))

    return Lags(of_the_store.measure, mails, limit=limit)


def _health(base: Ground, behind: Lags) -> dict[str, Loop]:
    if base.settings.worker_health_port is None:
        return {}
    readiness = Readiness()
    _require(base, readiness)
    readiness.show(behind)
    return {"health": health(readiness, base.settings.worker_health_port)}


def dispatch(base: Ground) -> Dispatch:
    """The sender of one worker, as a loop."""
    return Dispatch(mail_sender(base, clock_for(base.settings.stairs_clock_file)), base.tail)


def mail_sender(base: Ground, clock: Clock) -> MessageSender:
    """One sender, with its own connection to the mail server."""
    settings, by_year = base.settings, _senders(base.settings)
    patience = settings.lease_seconds / 2  # so that a lease never ends while its mail is under way
    server, usual = MailServer.at(settings.smtp_url), by_year[DEFAULT_YEAR]
    mailer = SmtpMailer(server, usual, by_year=by_year, patience=patience)
    lease = timedelta(seconds=settings.lease_seconds)
    return MessageSender(base.open_messages, mailer, clock, burst=BURST, lease=lease)


def _stationery(settings: NotificationsSettings) -> Stationery:
    senders = {year: Author(each.display_name, each.addr_spec) for year, each in _senders(settings).items()}
    return Stationery(
        TemplateMailWriter(),
        settings.cde_email,
        settings.mail_domain,
        caltac_email=settings.caltac_email,
        senders=senders,
        outside=settings.delivery == "external",
    )


def _senders(settings: NotificationsSettings) -> dict[str, Address]:
    houses = {year: policy.sender for year, policy in policies().items()}
    return {
        year: Address(house.name, addr_spec=settings.sender or house.address)
        for year, house in houses.items()
    }


def clocks(base: Ground, clock: Clock) -> LedgerUpkeep:
    """From deliveries to deadlines, and an alert for what is late."""
    facts, keeper = FactSource(base.engine, base.tail, TABLE), delivery_deadline.DeliveryDeadlines()
    return ledger_upkeep(delivery_deadline.SERVICE, facts, keeper, clock, told=delivery_deadline.alert)


def dead_letters(base: Ground) -> dead_letter_desk.Desk:
    """Who sees to what could not be handled."""
    reactions = {inbound.CONSUMER: _reactions(base)}
    return dead_letter_desk.Desk(base.engine, base.units, reactions, base.settings.kafka)


def published(base: Ground) -> PublishedStore:
    """What can be published again."""
    return PublishedStore(
        outbound.SOURCE, outbound.TOPIC, base.tail, outbound.publish, base.engine, base.settings.kafka
    )


def _reactions(base: Ground) -> Mapping[str, Handler]:
    handlers = inbound.handlers(base.messages_in, clock_for(base.settings.stairs_clock_file))
    if base.settings.delivery == "external":  # when it is with a mail server is not ours to promise
        return handlers
    return delivery_deadline.with_deadlines(handlers)


def _consumers(base: Ground, behind: Lags) -> Iterator[tuple[str, Consumer]]:
    reactions = _reactions(base)
    for name, feed in _feeds(base):
        consumer = Consumer(inbound.CONSUMER, feed, base.units, reactions)
        behind.also(consumer.measure)
        yield name, consumer


def _feeds(base: Ground) -> Iterator[tuple[str, Feed]]:
    settings, engine = base.settings, base.engine
    if settings.kafka:
        yield "kafka", KafkaFeed(settings.kafka, inbound.TOPICS, inbound.CONSUMER, engine)
        return
    for source, url in ((inbound.INCIDENTS, settings.incidents_url), (inbound.APPEALS, settings.appeals_url)):
        feed = HttpFeed(url, settings.system_token_file, engine, inbound.CONSUMER, source=source)
        yield source.removeprefix("/"), feed


def _relay(base: Ground, cluster: Cluster) -> Relay:
    return Relay(outbound.SOURCE, outbound.TOPIC, base.tail, outbound.publish, cluster, base.engine)
