"""The processes of the appeals service, one function each."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from services.appeals import bootstrap
from services.appeals.api.description import DESCRIPTION
from services.appeals.api.routes import router
from services.appeals.domain.permissions import refuse_to_read
from services.appeals.settings import AppealsSettings
from shared.deadlines.routes import router_for
from shared.http import changes
from shared.http.app import build_app
from shared.http.auth import Authenticator
from shared.http.instants import as_text
from shared.http.readiness import Readiness
from shared.kernel.clock import Clock
from shared.messaging.kafka.readiness import broker_checks
from shared.observability.lags import Lags
from shared.observability.logging import configure
from shared.persistence import migrations
from shared.persistence.rebuild import rebuild as rebuild_projection
from shared.process import dead_letters as dead_letter_desk
from shared.process import preflight
from shared.process.doorway import WRONG_USAGE
from shared.process.health import health
from shared.process.loops import Loop, run_async, run_loops
from shared.process.republish import republish as republish_facts
from shared.process.serving import serve_api
from shared.process.settings import load


def build_api(settings: AppealsSettings, *, clock: Clock | None = None) -> FastAPI:
    """The API of this service.

    :param clock: another clock than the one that the settings ask for; for tests.
    """
    auth = Authenticator(settings.auth_issuer, settings.auth_audience, settings.auth_jwks_url)
    readiness = Readiness(keys=auth.usable, **broker_checks(settings.kafka))

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with bootstrap.open_api(settings, clock=clock) as parts:
            app.state.dependencies, app.state.receipts = parts.desk, parts.events
            app.state.changes, app.state.deadlines = parts.desk.changes, parts.deadlines
            readiness.require("store", parts.store.usable)
            readiness.show(bootstrap.lags(settings, parts.store))
            yield

    return build_app(
        title="STAIRS appeals",
        description=DESCRIPTION,
        version="1",
        lifespan=lifespan,
        routers=[router, router_for(refuse_to_read), changes.router],
        auth=auth,
        readiness=readiness,
    )


def api() -> int:
    """Serve the REST API."""
    settings = _start()
    return serve_api(build_api(settings), settings.host, settings.port)


def worker() -> int:
    """Keep the list of appeals, learn of submitted cases, and relay."""
    return run_async(_loops(_start(), bootstrap.worker_loops))


def relay() -> int:
    """Publish to Kafka, where the worker does not (RELAY_EMBEDDED=false)."""
    return run_async(_loops(_start(), bootstrap.relay_loops))


def migrate() -> int:
    """Bring the database to the newest schema."""
    migrations.migrate(_start(migrated=False).database_url, bootstrap.PACKAGE)
    return 0


def rebuild() -> int:
    """Make the lists of appeals and deadlines anew from all facts, while the service runs."""
    return run_async(_rebuild(_start()))


def dead_letters(*words: str) -> int:
    """Messages that could not be handled: list, show N, replay [N …], discard N REASON."""
    return asyncio.run(_see_to_dead_letters(_start(), words))


def republish(*words: str) -> int:
    """Fill the topic again from the facts: --from POSITION [--to POSITION] [--dry-run]."""
    return asyncio.run(_republish(_start(), words))


def adopt_calendar(answer: str = "") -> int:
    """Show what the present calendar would move of running decision clocks; with --yes move it."""
    if answer not in ("", "--yes"):
        sys.stderr.write("adopt-calendar takes --yes, or nothing to see what would be moved\n")
        return WRONG_USAGE
    return run_async(_adopt_calendar(_start(), really=answer == "--yes"))


def _start(*, migrated: bool = True) -> AppealsSettings:
    settings = load(AppealsSettings)
    configure(settings.stairs_log, service="appeals")
    preflight.database("APPEALS_DATABASE_URL", settings.database_url, bootstrap.PACKAGE, migrated=migrated)
    return settings


async def _loops(
    settings: AppealsSettings,
    loops_of: Callable[[AppealsSettings, bootstrap.Store, Lags], Mapping[str, Loop]],
) -> None:
    async with bootstrap.open_store(settings) as store:
        behind = bootstrap.lags(settings, store, limit=settings.ready_lag_seconds)
        loops = dict(loops_of(settings, store, behind)) or {"idle": _idle}
        if settings.worker_health_port is not None:
            checks = broker_checks(settings.kafka)
            readiness = Readiness(store=store.usable, **checks)
            readiness.show(behind)
            loops["health"] = health(readiness, settings.worker_health_port)
        await run_loops(loops)


async def _idle(stop: asyncio.Event) -> None:
    """A relay without Kafka: others read ``/v1/changes``."""
    await stop.wait()


async def _rebuild(settings: AppealsSettings) -> None:
    async with bootstrap.open_store(settings) as store:
        for projection in bootstrap.PROJECTIONS:
            say = partial(_say, projection.name)
            await rebuild_projection(store.engine, store.tail, projection, progress=say)


async def _see_to_dead_letters(settings: AppealsSettings, words: Sequence[str]) -> int:
    async with bootstrap.open_store(settings) as store:
        return await dead_letter_desk.see_to(bootstrap.dead_letters(settings, store), words)


async def _republish(settings: AppealsSettings, words: Sequence[str]) -> int:
    async with bootstrap.open_store(settings) as store:
        return await republish_facts(bootstrap.published(settings, store), words)


async def _adopt_calendar(settings: AppealsSettings, *, really: bool) -> None:
    async with bootstrap.open_store(settings) as store:
        moves = await bootstrap.adopt_calendar(settings, store, really=really)
    for move in moves:
        old, new = as_text(move.old_decide_by), as_text(move.new_decide_by)
        sys.stdout.write(f"{move.appeal_number} {move.clock} {old} -> {new}\n")
    done = "moved" if really else "would be moved; say --yes to do it"
    sys.stdout.write(f"{len(moves)} decision clocks {done}\n")


def _say(name: str, done: int, total: int) -> None:
    sys.stdout.write(f"rebuild {name} {done}/{total}\n")
    sys.stdout.flush()
