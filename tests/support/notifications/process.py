"""The notifications service as processes, following producers that are played by the test."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

import orjson
from starlette.types import Receive, Scope, Send

from shared.contracts.envelope import CloudEvent
from shared.messaging.cloud_events import to_json
from tests.support.http.tokens import SYSTEM, auth_environment, secret_file, token
from tests.support.logbooks.chronicle import served
from tests.support.notifications.world import CDE
from tests.support.servers.ports import free_port

ROOT = Path(__file__).parents[3]


@dataclass
class Producer:
    """``GET /v1/changes`` of a service that says what the test lets it say."""

    events: list[CloudEvent] = field(default_factory=list)

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        asked = parse_qs(scope["query_string"].decode())
        after = int(asked["after"][0])
        items = [
            {**to_json(event), "sequence": str(n)} for n, event in enumerate(self.events, 1) if n > after
        ]
        if not items:
            await asyncio.sleep(0.05)
        page = {"items": items, "next_after": max(after, len(self.events))}
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": orjson.dumps(page)})


@dataclass
class Processes:
    """How to start this service's processes."""

    environment: dict[str, str]
    incidents: Producer

    async def run(self, verb: str, *words: str) -> tuple[int, str]:
        """A verb that ends by itself: its exit code and what it said."""
        process = await self._start(verb, *words, output=asyncio.subprocess.PIPE)
        said, _ = await process.communicate()
        return process.returncode or 0, said.decode()

    @asynccontextmanager
    async def running(self, verb: str) -> AsyncIterator[asyncio.subprocess.Process]:
        """A verb that runs until it is stopped."""
        process = await self._start(verb, output=None)
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            await process.wait()

    async def _start(self, *words: str, output: int | None) -> asyncio.subprocess.Process:
        command = [sys.executable, "-m", "services.notifications", *words]
        errors = output if output is None else asyncio.subprocess.STDOUT
        return await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=self.environment, stdout=output, stderr=errors
        )


@asynccontextmanager
async def processes(database: str, smtp_port: int, folder: Path) -> AsyncIterator[Processes]:
    """A migrated database and two producers; nothing runs yet."""
    token_file = folder / "system.jwt"
    token_file.write_text(token(SYSTEM))
    incidents = Producer()
    async with (
        served(incidents, free_port()) as incidents_url,  # type: ignore[arg-type]  # any ASGI application does
        served(Producer(), free_port()) as appeals_url,  # type: ignore[arg-type]  # as above
    ):
        environment = {
            **os.environ,
            **auth_environment(),
            "NOTIFICATIONS_DATABASE_URL": database,
            "NOTIFICATIONS_API_SECRET_FILE": secret_file(),
            "NOTIFICATIONS_PORT": str(free_port()),
            "NOTIFICATIONS_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
            "NOTIFICATIONS_CDE_EMAIL": CDE,
            "NOTIFICATIONS_LEASE_SECONDS": "1",
            "INCIDENTS_URL": incidents_url,
            "APPEALS_URL": appeals_url,
            "SYSTEM_TOKEN_FILE": str(token_file),
            "STAIRS_LOG": "json",
        }
        started = Processes(environment, incidents)
        code, said = await started.run("migrate")
        assert code == 0, said
        yield started
