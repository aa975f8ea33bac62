"""Incidents and notifications side by side: two databases, a mail server, and the news between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from services.incidents.bootstrap import MAIL
from services.incidents.messaging.mail import of_notifications
from services.notifications.bootstrap import messages_in
from services.notifications.messaging import inbound
from shared.chassis.worker import worker_loops
from shared.contracts.envelope import CloudEvent
from shared.messaging.cloud_events import from_json
from tests.support.eventually import eventually
from tests.support.http.tokens import SITE_COORDINATOR, SYSTEM, bearer, token
from tests.support.incidents.service import Running, running
from tests.support.logbooks.chronicle import served
from tests.support.notifications.world import World, settings_for, world
from tests.support.servers.mail_servers import Script, answering
from tests.support.servers.ports import free_port
from tests.support.servers.postgres import new_database

PATIENCE = 90.0  # seconds; the machine may be busy
Json = dict[str, Any]


@dataclass
class Both:
    """The two services, a mail server, and the way of news between them."""

    incidents: Running
    notifications: World
    folder: Path

    async def told(self) -> None:
        """Notifications hears everything that incidents published, by the same clock."""
        page = (await self.incidents.http.get("/v1/changes?after=0&limit=500", headers=bearer(SYSTEM))).json()
        events = [from_json(item) for item in page["items"]]
        known = inbound.handlers(messages_in(self.notifications.settings), self.incidents.clock)
        for event in events:
            if event.type in known:
                async with self.notifications.base.units.begin() as unit:
                    await known[event.type](event, unit)

    async def news(self) -> list[CloudEvent]:
        """Everything that notifications published."""
        page = (await self.notifications.get("/v1/changes", SYSTEM, after="0", limit="500")).json()
        return [from_json(item) for item in page["items"]]

    async def hear(self, *events: CloudEvent) -> None:
        """Incidents handles these as its consumer does."""
        for event in events:
            async with self.incidents.units.once(event.source, event.id, MAIL) as unit:
                if unit is not None:
                    await of_notifications()[event.type](event, unit)

    @asynccontextmanager
    async def following(self) -> AsyncIterator[None]:
        """Inside, the loop of the incidents worker follows the mails by ``/v1/changes``."""
        token_file = self.folder / "system.jwt"
        token_file.write_text(token(SYSTEM))
        async with served(self.notifications.app, free_port()) as url:  # type: ignore[arg-type]  # an ASGI application
            told = {"notifications_url": url, "system_token_file": token_file}
            settings = self.incidents.settings.model_copy(update=told)
            stop = asyncio.Event()
            loop = worker_loops(replace(self.incidents.base, settings=settings))[f"consumer:{MAIL}"]
            following = asyncio.ensure_future(loop(stop))
            try:
                yield
            finally:
                stop.set()
                await following

    async def mails(self, url: str) -> list[Json]:
        """The mails that the case shows."""
        answer = await self.incidents.http.get(url, headers=bearer(SITE_COORDINATOR))
        assert answer.status_code == 200, answer.text
        shown: list[Json] = answer.json()["notifications"]
        return shown

    async def stand(self, url: str, *standings: tuple[str, str]) -> list[Json]:
        """The mails of the case once they stand like this."""

        async def so() -> list[Json]:
            mails = await self.mails(url)
            assert sorted((mail["kind"], mail["status"]) for mail in mails) == sorted(standings)
            return mails

        return await eventually(so, within=PATIENCE)


@asynccontextmanager
async def both(server: str, folder: Path, script: Script, **others: str) -> AsyncIterator[Both]:
    with new_database(server) as one, new_database(server) as other:
        async with (
            answering(script) as port,
            running(one, folder) as incidents,
            world(settings_for(other, port, **others)) as notifications,
        ):
            yield Both(incidents, notifications, folder)
