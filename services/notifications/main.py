"""One function per process of this service; ``__main__`` gives them their verbs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from fastapi import FastAPI

from services.notifications import bootstrap
from services.notifications.api.description import DESCRIPTION
from services.notifications.api.routes import router
from services.notifications.application.scope import may_read
from services.notifications.settings import NotificationsSettings
from shared.deadlines.routes import router_for
from shared.http import changes
from shared.http.app import build_app
from shared.http.auth import Authenticator
from shared.http.readiness import Readiness
from shared.observability.logging import configure
from shared.persistence import migrations
from shared.process import dead_letters as dead_letter_desk
from shared.process import preflight
from shared.process.loops import Loop, run_async, run_loops
from shared.process.republish import republish as republish_facts
from shared.process.serving import serve_api
from shared.process.settings import load

SERVICE = "notifications"
VERSION = "1"

OpenLoops = Callable[[NotificationsSettings], AbstractAsyncContextManager[dict[str, Loop]]]


def build_api(settings: NotificationsSettings) -> FastAPI:
    """The API; it opens its graph when it is started and closes it when it is stopped."""
    readiness = Readiness()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with bootstrap.desk(settings, readiness) as (app.state.dependencies, app.state.receipts):
            app.state.changes, app.state.deadlines = (
                app.state.dependencies.changes,
                app.state.dependencies.deadlines,
            )
            yield

    auth = Authenticator(settings.auth_issuer, settings.auth_audience, settings.auth_jwks_url)
    readiness.require("keys", auth.usable)
    return build_app(
        title="STAIRS notifications",
        description=DESCRIPTION,
        version=VERSION,
        lifespan=lifespan,
        routers=[router, router_for(may_read), changes.router],
        auth=auth,
        readiness=readiness,
    )


def api() -> int:
    """Serve the REST API."""
    settings = _settings()
    return serve_api(build_api(settings), settings.host, settings.port)


def worker() -> int:
    """Follow cases and appeals, write and send the mails, keep the list, and relay."""
    return _run(bootstrap.worker_loops)


def relay() -> int:
    """Publish to Kafka, where the worker does not (RELAY_EMBEDDED=false)."""
    return _run(bootstrap.relay_loops)


def migrate() -> int:
    """Bring the database to the newest schema."""
    migrations.migrate(_settings(migrated=False).database_url, bootstrap.PACKAGE)
    return 0


def rebuild() -> int:
    """Make the list of messages anew from all facts, while the service runs."""
    return run_async(bootstrap.rebuild(_settings(), _print_progress))


def dead_letters(*words: str) -> int:
    """Messages that could not be handled: list, show N, replay [N …], discard N REASON."""
    return asyncio.run(_see_to_dead_letters(_settings(), words))


def republish(*words: str) -> int:
    """Fill the topic again from the facts: --from POSITION [--to POSITION] [--dry-run]."""
    return asyncio.run(_republish(_settings(), words))


async def _see_to_dead_letters(settings: NotificationsSettings, words: Sequence[str]) -> int:
    async with bootstrap.ground(settings) as base:
        return await dead_letter_desk.see_to(bootstrap.dead_letters(base), words)


async def _republish(settings: NotificationsSettings, words: Sequence[str]) -> int:
    async with bootstrap.ground(settings) as base:
        return await republish_facts(bootstrap.published(base), words)


def _run(open_loops: OpenLoops) -> int:
    settings = _settings()

    async def work() -> None:
        async with open_loops(settings) as loops:
            await run_loops(loops)

    return run_async(work())


def _settings(*, migrated: bool = True) -> NotificationsSettings:
    settings = load(NotificationsSettings)
    configure(settings.stairs_log, service=SERVICE)
    preflight.database(
        "NOTIFICATIONS_DATABASE_URL", settings.database_url, bootstrap.PACKAGE, migrated=migrated
    )
    return settings


def _print_progress(name: str, done: int, total: int) -> None:
    sys.stdout.write(f"rebuild {name} {done}/{total}\n")
    sys.stdout.flush()
