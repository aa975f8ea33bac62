"""The sample as real processes: ``python -m tests.support.http.chassis_process api|worker|failing PORT``."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import APIRouter, FastAPI, Request, Response

from shared.chassis.health import health
from shared.http.answers import ok
from shared.http.app import build_app
from shared.http.auth import Authenticator
from shared.http.readiness import Readiness
from shared.observability.logging import configure
from shared.process.http_settings import HttpSettings
from shared.process.loops import run_async, run_loops
from shared.process.serving import serve_api
from shared.process.verbs import done, group, run
from tests.support.http.sample_app import Desk, routes


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()


def _poll() -> APIRouter:
    router = APIRouter()

    @router.get("/v1/poll")
    async def poll(request: Request) -> Response:
        _say("polling")
        await request.app.state.stopping.wait()
        return ok({"stopping": True})

    return router


verbs = group("The sample.")


@verbs.command()
def api(port: int, jwks_url: str) -> None:
    """Serve the sample."""
    desk, limits = Desk(), HttpSettings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.receipts = desk
        _say("open")
        yield
        _say("drained, closed")

    app = build_app(
        title="Sample",
        version="1",
        lifespan=lifespan,
        routers=[routes(desk), _poll()],
        auth=Authenticator("https://stairs.test", "stairs-test", jwks_url),
        readiness=Readiness(),
        limits=limits.bodies,
    )
    done(serve_api(app, "127.0.0.1", port, limits.connections))


async def _steady(stop: asyncio.Event) -> None:
    _say("open")
    await stop.wait()
    _say("drained, closed")


async def _failing(_stop: asyncio.Event) -> None:
    raise RuntimeError("a bug in a loop")


async def _unready() -> str | None:
    return "not yet"


@verbs.command()
def worker(port: int) -> None:
    """Work steadily."""
    loops = {"steady": _steady, "health": health(Readiness(broker=_unready), port)}
    done(run_async(run_loops(loops)))


@verbs.command()
def failing() -> None:
    """Work until it fails."""
    done(run_async(run_loops({"steady": _steady, "failing": _failing})))


if __name__ == "__main__":
    configure("json", service="sample")
    run(verbs)
