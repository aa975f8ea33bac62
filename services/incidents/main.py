"""One function per process and verb of this service."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from fastapi import FastAPI
from rich.console import Console

from services.incidents import bootstrap
from services.incidents.api import cases, concerns, discussion, pauses, rules, students, uploads, windows
from services.incidents.api.description import DESCRIPTION
from services.incidents.domain.permissions import may_search
from services.incidents.rulebooks.library import DEFAULT_YEAR, Library
from services.incidents.rulebooks.table import show_catalog
from services.incidents.settings import IncidentsSettings
from shared.deadlines.routes import router_for
from shared.http import changes
from shared.http.app import build_app
from shared.http.auth import Authenticator
from shared.http.readiness import Readiness
from shared.kernel.clock import Clock
from shared.messaging.kafka.readiness import broker_checks
from shared.observability.lags import Lags
from shared.observability.logging import configure
from shared.persistence.migrations import migrate as migrate_database
from shared.persistence.rebuild import rebuild as rebuild_projection
from shared.process import dead_letters as dead_letter_desk
from shared.process import preflight
from shared.process.clock import clock_for
from shared.process.health import health
from shared.process.loops import Loop, run_async, run_loops
from shared.process.republish import republish as republish_facts
from shared.process.serving import serve_api
from shared.process.settings import load

WIDE = 160  # columns, where nobody watches
ROUTERS = (
    cases.router,
    students.router,
    uploads.router,
    discussion.router,
    concerns.router,
    rules.router,
    pauses.router,
    windows.router,
    router_for(may_search),
    changes.router,
)


def build_api(settings: IncidentsSettings, clock: Clock) -> FastAPI:
    """The REST API over the real parts; a fault in a rulebook ends the start here."""
    library = Library.from_folder()
    auth = Authenticator(settings.auth_issuer, settings.auth_audience, settings.auth_jwks_url)
    readiness = Readiness(keys=auth.usable, **broker_checks(settings.kafka))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with bootstrap.api(settings, library, clock) as graph:
            app.state.dependencies, app.state.receipts = graph.desk, graph.store
            app.state.changes, app.state.deadlines = graph.desk.changes, graph.deadlines
            readiness.require("store", graph.foundation.usable)
            readiness.show(bootstrap.lags(settings, graph.foundation))
            yield

    return build_app(
        title="STAIRS incidents",
        description=DESCRIPTION,
        version="1",
        lifespan=lifespan,
        routers=ROUTERS,
        auth=auth,
        readiness=readiness,
    )


def api() -> int:
    """Serve the REST API."""
    settings = _settings()
    app = build_api(settings, clock_for(settings.stairs_clock_file))
    return serve_api(app, settings.host, settings.port)


def worker() -> int:
    """Keep the list of cases, react to events, follow appeals and mails, relay."""
    return run_async(_work(_settings()))


def relay() -> int:
    """Publish facts to Kafka, apart from the worker."""
    return run_async(_relay(_settings()))


def migrate() -> int:
    """Bring the database to the newest schema."""
    migrate_database(_settings(migrated=False).database_url, bootstrap.PACKAGE)
    return 0


def rebuild() -> int:
    """Make the lists anew from all facts, while the service runs."""
    asyncio.run(_rebuild(_settings()))
    return 0


def forget_mail() -> int:
    """Know nothing of any mail, so that the worker follows them from their beginning; stop it before."""
    return run_async(_forget_mail(_settings()))


def dead_letters(*words: str) -> int:
    """Messages that could not be handled: list, show N, replay [N …], discard N REASON."""
    return asyncio.run(_see_to_dead_letters(_settings(), words))


def republish(*words: str) -> int:
    """Fill the topic again from the facts: --from POSITION [--to POSITION] [--dry-run]."""
    return asyncio.run(_republish(_settings(), words))


def catalog(year: str = DEFAULT_YEAR) -> int:
    """Print a year's incident types as a table; needs neither database nor settings."""
    library, wide = Library.from_folder(), None if sys.stdout.isatty() else WIDE
    if year not in library.years():
        sys.stderr.write(f"there is no rulebook for {year}: say one of {', '.join(library.years())}\n")
        return 1
    show_catalog(library, year, Console(highlight=False, width=wide))
    return 0


def _settings(*, migrated: bool = True) -> IncidentsSettings:
    settings = load(IncidentsSettings)
    configure(settings.stairs_log, service="incidents")
    preflight.database("INCIDENTS_DATABASE_URL", settings.database_url, bootstrap.PACKAGE, migrated=migrated)
    return settings


async def _work(settings: IncidentsSettings) -> None:
    async with bootstrap.foundation(settings) as base:
        behind = bootstrap.lags(settings, base, limit=settings.ready_lag_seconds)
        loops = bootstrap.loops(settings, base, behind)
        await run_loops(loops | _health(settings, base, behind))


def _health(settings: IncidentsSettings, base: bootstrap.Foundation, behind: Lags) -> dict[str, Loop]:
    if settings.worker_health_port is None:
        return {}
    readiness = Readiness(store=base.usable, **broker_checks(settings.kafka))
    readiness.show(behind)
    return {"health": health(readiness, settings.worker_health_port)}


async def _relay(settings: IncidentsSettings) -> None:
    if not settings.kafka:
        raise SystemExit("KAFKA_BOOTSTRAP_SERVERS is not set: there is nothing to relay to")
    async with bootstrap.foundation(settings) as base:
        behind = bootstrap.lags(settings, base, limit=settings.ready_lag_seconds)
        relaying = bootstrap.relay(base, settings.kafka)
        await run_loops({"relay": relaying.run} | _health(settings, base, behind))


async def _forget_mail(settings: IncidentsSettings) -> None:
    async with bootstrap.foundation(settings) as base:
        await bootstrap.forget_mail(base)


async def _see_to_dead_letters(settings: IncidentsSettings, words: Sequence[str]) -> int:
    async with bootstrap.foundation(settings) as base:
        return await dead_letter_desk.see_to(bootstrap.dead_letters(settings, base), words)


async def _republish(settings: IncidentsSettings, words: Sequence[str]) -> int:
    async with bootstrap.foundation(settings) as base:
        return await republish_facts(bootstrap.published(settings, base), words)


async def _rebuild(settings: IncidentsSettings) -> None:
    async with bootstrap.foundation(settings) as base:
        for projection in bootstrap.PROJECTIONS:
            name = projection.name

            def tell(done: int, total: int, name: str = name) -> None:
                sys.stdout.write(f"rebuild {name} {done}/{total}\n")
                sys.stdout.flush()

            await rebuild_projection(base.engine, base.tail, projection, progress=tell)
