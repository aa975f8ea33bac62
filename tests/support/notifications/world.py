"""The notifications service on a real database and a real mail server, its events handed in by the test."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
import orjson
from fastapi import FastAPI

from services.notifications.bootstrap import NOTIFICATIONS, dependencies, loops, messages_in
from services.notifications.messaging import inbound
from services.notifications.read_model.message_list import MessageList
from services.notifications.settings import NotificationsSettings
from shared.chassis.api import routers_of, writing
from shared.chassis.definition import Foundation
from shared.chassis.foundation import foundation
from shared.contracts.envelope import CloudEvent
from shared.http.app import build_app
from shared.http.readiness import Readiness
from shared.kernel.actor import Actor
from shared.messaging.consuming.consumer import Consumer
from shared.messaging.consuming.feed import Delivery, Failure, MessagePlace
from shared.messaging.publishing.public_feed import PublicFeed
from shared.persistence.projector import Projector
from shared.process.loops import Loop
from tests.support.http.tokens import auth_environment, authenticator, bearer, secret_file
from tests.support.servers.postgres import migrate

CDE = "desk@cde.example.org"


def settings_for(database: str, smtp_port: int, **others: str) -> NotificationsSettings:
    """As the environment would give them."""
    given = {
        "NOTIFICATIONS_DATABASE_URL": database,
        "NOTIFICATIONS_API_SECRET_FILE": secret_file(),
        "NOTIFICATIONS_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
        "NOTIFICATIONS_SENDER": "stairs@stairs.example.org",
        "NOTIFICATIONS_CDE_EMAIL": CDE,
        **{name.lower(): value for name, value in auth_environment().items()},
        **others,
    }
    return NotificationsSettings.model_validate(given)


class HandedIn:
    """A feed whose events a test hands in; what is not done is still there."""

    def __init__(self) -> None:
        self.waiting: deque[Delivery] = deque()
        self.parked: list[Failure] = []
        self._seen = 0

    def hand_in(self, *events: CloudEvent) -> None:
        for event in events:
            self._seen += 1
            place = MessagePlace("test", 0, self._seen)
            value = orjson.dumps(event.data)
            self.waiting.append(Delivery(place, event, None, event.key.encode(), value, ()))

    async def poll(self, wait: float) -> Sequence[Delivery]:
        if not self.waiting:
            await asyncio.sleep(min(wait, 0.02))
        return list(self.waiting)

    async def behind(self) -> Mapping[str, int]:
        return {}

    async def done(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            self.waiting.remove(delivery)

    async def park(self, _delivery: Delivery, failure: Failure) -> None:
        self.parked.append(failure)

    async def close(self) -> None: ...


@dataclass
class World:
    """One worker's loops, and clients of the API."""

    settings: NotificationsSettings
    base: Foundation[NotificationsSettings]
    app: FastAPI
    api: httpx.AsyncClient
    feed: HandedIn = field(default_factory=HandedIn)

    async def get(self, path: str, actor: Actor, **query: str) -> httpx.Response:
        return await self.api.get(path, headers=bearer(actor), params=query)

    async def post(self, path: str, actor: Actor, **headers: str) -> httpx.Response:
        return await self.api.post(path, headers={**bearer(actor), **headers})

    async def put(self, path: str, actor: Actor, body: object) -> httpx.Response:
        return await self.api.put(path, headers=bearer(actor), json=body)

    async def happened(self, *events: CloudEvent) -> None:
        """The reactions to these events, without a worker."""
        react = inbound.handlers(messages_in(self.settings), self.base.clock)
        for event in events:
            async with self.base.units.begin() as unit:
                await react[event.type](event, unit)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Inside, the worker works."""
        reactions = inbound.handlers(messages_in(self.settings), self.base.clock)
        consumer = Consumer(inbound.CONSUMER, self.feed, self.base.units, reactions)
        async with self.listed(), _running(consumer.run, *loops(self.base).values()):
            yield

    @asynccontextmanager
    async def listed(self) -> AsyncIterator[None]:
        """Inside, the list of messages follows them."""
        async with _running(Projector(self.base.engine, self.base.tail, MessageList()).run):
            yield


@asynccontextmanager
async def _running(*loops: Loop) -> AsyncIterator[None]:
    stop = asyncio.Event()

    async def run(loop: Loop) -> None:
        await loop(stop)

    async with asyncio.TaskGroup() as group:
        for loop in loops:
            group.create_task(run(loop))
        try:
            yield
        finally:
            stop.set()


@asynccontextmanager
async def world(settings: NotificationsSettings) -> AsyncIterator[World]:
    """A migrated database, and the service upon it; nobody works yet."""
    await asyncio.to_thread(migrate, settings.database_url, NOTIFICATIONS.package)
    readiness = Readiness()
    async with foundation(NOTIFICATIONS, settings) as base, writing(base) as store:
        app = build_app(
            title="Notifications",
            version="1",
            lifespan=lambda _: _nothing(),
            routers=routers_of(NOTIFICATIONS),
            auth=authenticator(),
            readiness=readiness,
        )
        app.state.dependencies, app.state.receipts = dependencies(base, store), store.store
        app.state.changes = PublicFeed(base.tail, NOTIFICATIONS.publish, NOTIFICATIONS.source)
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://notifications") as api:
            yield World(settings, base, app, api)


@asynccontextmanager
async def _nothing() -> AsyncIterator[None]:
    yield
