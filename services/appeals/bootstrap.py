"""What is this service's own, named once and put together by hand; the chassis makes its processes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from services.appeals.api.dependencies import AppealDependencies
from services.appeals.api.description import DESCRIPTION
from services.appeals.api.routes import router
from services.appeals.application.appeals import Appeals
from services.appeals.application.requests import AppealRequests
from services.appeals.application.searches import AppealSearches, DeadlinesOfAppeals
from services.appeals.messaging import inbound, outbound
from services.appeals.providers.appeal_numbers import CountedNumbers
from services.appeals.reactions.deadlines import AppealDeadlines
from services.appeals.read_model.appeal_list import AppealList
from services.appeals.read_model.calendar_watch import watch_calendars
from services.appeals.read_model.known_cases import KnownCaseTable
from services.appeals.read_model.queries import AppealQueries
from services.appeals.rulebooks.library import read_rulebooks
from services.appeals.settings import AppealsSettings
from shared.chassis.definition import Foundation, Producer, ServiceDefinition, Subscription, Writing
from shared.process.loops import Loop

CONSUMER = "appeals"  # of what incidents publishes


def dependencies(base: Foundation[AppealsSettings], writing: Writing) -> AppealDependencies:
    """What the routes work with."""
    rulebooks, cases, events = read_rulebooks(), KnownCaseTable(base.engine), writing.store
    return AppealDependencies(
        requests=AppealRequests(events, cases=cases, numbers=CountedNumbers(base.engine), policies=rulebooks),
        appeals=Appeals(events, cases=cases, policies=rulebooks),
        queries=AppealSearches(AppealQueries(base.engine)),
        clock=base.clock,
    )


def subscriptions(base: Foundation[AppealsSettings]) -> Sequence[Subscription]:
    """Cases become known here when they are submitted."""
    incidents = Producer(inbound.SOURCE, inbound.TOPIC, base.settings.incidents_url)
    return [Subscription(CONSUMER, inbound.handlers(), [incidents])]


def deadlines(_base: Foundation[AppealsSettings]) -> AppealDeadlines:
    """The decisions that are due."""
    return AppealDeadlines(read_rulebooks())


def loops(base: Foundation[AppealsSettings]) -> Mapping[str, Loop]:
    """Says when decisions run by another calendar than the present one."""

    async def calendars(stop: asyncio.Event) -> None:
        await watch_calendars(base.engine, read_rulebooks().calendar_version, stop)

    return {"calendars": calendars}


APPEALS = ServiceDefinition(
    name="appeals",
    title="STAIRS appeals",
    description=DESCRIPTION,
    settings=AppealsSettings,
    source=outbound.SOURCE,
    topic=outbound.TOPIC,
    publish=outbound.publish,
    lists=[AppealList()],
    routers=[router],
    deadline_queries=DeadlinesOfAppeals,
    dependencies=dependencies,
    subscriptions=subscriptions,
    deadlines=deadlines,
    loops=loops,
)
