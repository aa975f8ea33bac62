"""What is this service's own, named once and put together by hand; the chassis makes its processes of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from email.headerregistry import Address

from services.notifications.api.dependencies import NotificationDependencies
from services.notifications.api.description import DESCRIPTION
from services.notifications.api.routes import router
from services.notifications.application.directory import Directory
from services.notifications.application.messages import Messages, Stationery
from services.notifications.application.ports import Mail
from services.notifications.application.reading import DeadlinesOfMails, MessageReads
from services.notifications.application.sending import (
    MessageSender,
    OpenMessages,
    Resending,
    Returns,
    overdue,
)
from services.notifications.domain.values import Sender as Author
from services.notifications.messaging import inbound, outbound
from services.notifications.providers.bounce_listener import BounceListener
from services.notifications.providers.rehearsal import require_sound_mail
from services.notifications.providers.smtp import MailServer, SmtpMailer
from services.notifications.reactions import delivery_deadline
from services.notifications.reactions.dispatch import Dispatch, show_waiting
from services.notifications.read_model.message_list import MessageList
from services.notifications.read_model.outgoing import OutgoingQueue
from services.notifications.read_model.queries import MessageQueries
from services.notifications.rulebooks.mail_writer import TemplateMailWriter
from services.notifications.rulebooks.policy import DEFAULT_YEAR, policies
from services.notifications.settings import NotificationsSettings
from shared.chassis.definition import Foundation, Producer, ServiceDefinition, Subscription, Writing
from shared.kernel.clock import Clock
from shared.observability.lags import Measure
from shared.persistence.unit_of_work import UnitOfWork
from shared.process.loops import Loop

BURST = 20  # mails that one sender takes up at once


def dependencies(base: Foundation[NotificationsSettings], writing: Writing) -> NotificationDependencies:
    """What the routes work with."""
    return NotificationDependencies(
        directory=Directory(writing.store, most_unverified=base.settings.unverified_contacts),
        resending=Resending(open_messages(base)),
        messages=MessageReads(writing.store, MessageQueries(base.engine)),
        clock=base.clock,
    )


def subscriptions(base: Foundation[NotificationsSettings]) -> Sequence[Subscription]:
    """What happens to cases and appeals, and the mails that it causes."""
    incidents = Producer(inbound.INCIDENTS, inbound.TOPICS[0], base.settings.incidents_url)
    appeals = Producer(inbound.APPEALS, inbound.TOPICS[1], base.settings.appeals_url)
    handlers = inbound.handlers(messages_in(base.settings), base.clock)
    if base.settings.delivery == "smtp":  # when it is with another's mail server is not ours to promise
        handlers = delivery_deadline.with_deadlines(handlers)
    return [Subscription(inbound.CONSUMER, handlers, [incidents, appeals])]


def deadlines(_base: Foundation[NotificationsSettings]) -> delivery_deadline.DeliveryDeadlines:
    """Mails that are to be with a mail server by then."""
    return delivery_deadline.DeliveryDeadlines()


def loops(base: Foundation[NotificationsSettings]) -> Mapping[str, Loop]:
    """The sender and the listener for what comes back, unless mails are sent elsewhere.

    :raises SystemExit: 78, this Python writes no mail that holds.
    """
    settings = base.settings
    if settings.delivery != "smtp":
        return {}
    require_sound_mail()
    found = {"sender": dispatch(base).run}
    if settings.bounce_port is not None and settings.return_paths is not None:
        returns = Returns(open_messages(base), base.clock)
        listener = BounceListener(
            settings.return_paths, returns.record, settings.bounce_host, settings.bounce_port
        )
        found["bounces"] = listener.run
    return found


def measures(base: Foundation[NotificationsSettings]) -> Sequence[Measure]:
    """How many mails wait, and for how long."""

    async def mails() -> None:
        show_waiting(*await overdue(open_messages(base), base.clock))

    return [mails]


def dispatch(base: Foundation[NotificationsSettings]) -> Dispatch:
    """The sender of one worker, as a loop."""
    return Dispatch(mail_sender(base, base.clock), base.tail)


def mail_sender(base: Foundation[NotificationsSettings], clock: Clock) -> MessageSender:
    """One sender, with its own connection to the mail server."""
    settings, by_year = base.settings, _senders(base.settings)
    patience = settings.lease_seconds / 2  # so that a lease never ends while its mail is under way
    server, usual = MailServer.at(settings.smtp_url), by_year[DEFAULT_YEAR]
    mailer = SmtpMailer(server, usual, by_year=by_year, return_to=_return_to(settings), patience=patience)
    lease = timedelta(seconds=settings.lease_seconds)
    return MessageSender(open_messages(base), mailer, clock, burst=BURST, lease=lease)


def open_messages(base: Foundation[NotificationsSettings]) -> OpenMessages:
    """The use cases within a transaction of their own."""
    within = messages_in(base.settings)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Messages]:
        async with base.units.begin() as unit:
            yield within(unit)

    return opened


def messages_in(settings: NotificationsSettings) -> inbound.MessagesIn:
    """The use cases within a given transaction."""
    senders = {year: Author(each.display_name, each.addr_spec) for year, each in _senders(settings).items()}
    stationery = Stationery(
        TemplateMailWriter(),
        settings.cde_email,
        settings.mail_domain,
        caltac_email=settings.caltac_email,
        senders=senders,
        outside=settings.delivery == "external",
        limits=settings.limits,
    )

    def within(unit: UnitOfWork) -> Messages:
        return Messages(unit.store, OutgoingQueue(unit.connection), stationery)

    return within


def _return_to(settings: NotificationsSettings) -> Callable[[Mail], str] | None:
    paths, plain = settings.return_paths, settings.bounce_address
    if paths is not None:
        return lambda mail: paths.of(mail.notification_id, mail.resends)
    return None if plain is None else lambda _: plain


def _senders(settings: NotificationsSettings) -> Mapping[str, Address]:
    houses = {year: policy.sender for year, policy in policies().items()}
    return {
        year: Address(house.name, addr_spec=settings.sender or house.address)
        for year, house in houses.items()
    }


NOTIFICATIONS = ServiceDefinition(
    name="notifications",
    title="STAIRS notifications",
    description=DESCRIPTION,
    settings=NotificationsSettings,
    source=outbound.SOURCE,
    topic=outbound.TOPIC,
    publish=outbound.publish,
    lists=[MessageList()],
    routers=[router],
    deadline_queries=DeadlinesOfMails,
    dependencies=dependencies,
    subscriptions=subscriptions,
    deadlines=deadlines,
    noticed=delivery_deadline.alert,
    loops=loops,
    measures=measures,
)
