"""Builds the API of a service with its real store, pool and clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import APIRouter, FastAPI

from shared.chassis.definition import Foundation, S, ServiceDefinition, Writing
from shared.chassis.foundation import foundation, lags, require_all
from shared.deadlines import routes as deadlines
from shared.deadlines.search import DeadlineSearch
from shared.http import changes
from shared.http.api_secret import ApiSecret
from shared.http.app import build_app
from shared.http.auth import Authenticator
from shared.http.readiness import Readiness
from shared.kernel.clock import Clock
from shared.messaging.publishing.public_feed import PublicFeed
from shared.persistence.appender import Appender
from shared.persistence.engine import open_pool
from shared.persistence.store import PostgresStore
from shared.process.auth_settings import AuthSettings

VERSION = "1"


def build_api(service: ServiceDefinition[S], settings: S, *, clock: Clock | None = None) -> FastAPI:
    """The FastAPI application; it opens its connections at its start and closes them at its end.

    :param clock: another clock than the one that the settings ask for; for tests.
    """
    auth = authenticator(settings)
    readiness = Readiness(keys=auth.usable)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with foundation(service, settings, clock=clock) as base, writing(base) as store:
            app.state.dependencies, app.state.receipts = service.dependencies(base, store), store.store
            app.state.secret = ApiSecret.read(settings.api_secret_file)
            app.state.changes = PublicFeed(base.tail, service.publish, service.source)
            app.state.deadlines = service.deadline_queries(DeadlineSearch(base.engine))
            require_all(readiness, base, lags(base))
            yield

    return build_app(
        title=service.title,
        description=service.description,
        version=VERSION,
        lifespan=lifespan,
        routers=routers_of(service),
        auth=auth,
        readiness=readiness,
        limits=settings.bodies,
        shares=settings.shares,
    )


def authenticator(settings: AuthSettings) -> Authenticator:
    """Who turns tokens into actors, as the settings say."""
    return Authenticator(
        settings.auth_issuer,
        settings.audiences,
        settings.auth_jwks_url,
        mapping=settings.mapping,
        longest_life=settings.auth_longest_life_seconds,
    )


def routers_of(service: ServiceDefinition[S]) -> Sequence[APIRouter]:
    """The service's own routes, and those that every service has."""
    return [*service.routers, deadlines.router, changes.router]


@asynccontextmanager
async def writing(base: Foundation[S]) -> AsyncIterator[Writing]:
    """The store that use cases save to; at the end the appender is drained before the pool closes."""
    async with AsyncExitStack() as closing:
        url, table = base.settings.database_url, base.service.table
        pool = await open_pool(url)
        closing.push_async_callback(pool.close)
        appender = Appender(url, table)
        await appender.start()
        closing.push_async_callback(appender.drain)
        yield Writing(PostgresStore(appender, pool, table, base.codec), pool)
