"""The health routes of a process without an API, served by a loop of their own."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator

import uvicorn

from shared.http.app import about_the_process
from shared.http.readiness import Readiness
from shared.process.http_connection import bounded
from shared.process.http_settings import USUAL, ConnectionLimits
from shared.process.loops import Loop
from shared.process.serving import listening

PATIENCE = 2  # seconds that an answer gets after the process was asked to end
REMEDY = "set WORKER_HEALTH_PORT to one that is free"


def health(
    readiness: Readiness, port: int, host: str = "127.0.0.1", *, limits: ConnectionLimits = USUAL
) -> Loop:
    """The loop that answers ``/healthz``, ``/readyz`` and ``/metrics``.

    await run_loops({"projection": …, "health": health(readiness, settings.worker_health_port)})

    :raises SystemExit: 78, the port is taken; raised at once, before any loop runs.
    """
    door = listening(host, port, REMEDY)

    async def serve(stop: asyncio.Event) -> None:
        config = uvicorn.Config(
            about_the_process(readiness, stop),
            http=bounded(limits),
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_keep_alive=limits.idle_seconds,
            timeout_graceful_shutdown=PATIENCE,
        )
        server = _Server(config)
        serving = asyncio.create_task(server.serve(sockets=[door]))
        asked = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((serving, asked), return_when=asyncio.FIRST_COMPLETED)
        finally:
            server.should_exit = True
            asked.cancel()
            await serving

    return serve


class _Server(uvicorn.Server):
    """uvicorn as a loop among others: the signals are the process's own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
