"""From a mail server's answer to the case: two services, two databases, real SMTP (dossier §7; M p44)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.incidents import bootstrap
from services.incidents.messaging.mail import of_notifications
from services.notifications.messaging import inbound
from shared.contracts.envelope import CloudEvent
from shared.messaging.cloud_events import from_json
from tests.support.chronicle import served
from tests.support.eventually import eventually
from tests.support.incident_bodies import charts_on_walls, cheating
from tests.support.incidents_service import Running, running, submitted
from tests.support.mail_servers import Script, answering
from tests.support.notification_world import CDE, World, settings_for, world
from tests.support.ports import free_port
from tests.support.postgres import new_database
from tests.support.tokens import CALTAC_AGENT, LEA_COORDINATOR, SITE_COORDINATOR, SYSTEM, bearer, token

pytestmark = pytest.mark.timeout(400)

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
        known = inbound.handlers(self.notifications.base.messages_in, self.incidents.clock)
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
            async with self.incidents.units.once(event.source, event.id, bootstrap.MAIL) as unit:
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
            loop = bootstrap.loops(settings, self.incidents.base)["mail"]
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
async def both(server: str, folder: Path, script: Script) -> AsyncIterator[Both]:
    with new_database(server) as one, new_database(server) as other:
        async with (
            answering(script) as port,
            running(one, folder) as incidents,
            world(settings_for(other, port)) as notifications,
        ):
            yield Both(incidents, notifications, folder)


async def test_a_case_shows_its_mails_from_created_to_delivered_and_refused(
    postgres_server: str, tmp_path: Path
) -> None:
    script = Script(to={CDE: "550 5.1.1 no such user"})
    async with both(postgres_server, tmp_path, script) as there:
        url = await submitted(there.incidents, cheating())
        silent = await submitted(there.incidents, charts_on_walls())
        async with there.following():
            await there.told()
            await there.stand(url, ("case_submitted", "created"), ("cde_copy", "created"))
            async with there.notifications.at_work():
                mails = await there.stand(
                    url, ("case_submitted", "delivered"), ("cde_copy", "permanent_failure")
                )
                (one,) = await there.stand(silent, ("case_submitted", "delivered"))
    assert {frozenset(mail) for mail in mails} == {frozenset({"notification_id", "kind", "status", "at"})}
    assert one["notification_id"] not in {mail["notification_id"] for mail in mails}


async def test_a_mail_that_is_sent_again_is_under_way_again(postgres_server: str, tmp_path: Path) -> None:
    script = Script(data=["554 5.7.1 rejected"])
    async with both(postgres_server, tmp_path, script) as there:
        url = await submitted(there.incidents, charts_on_walls())
        async with there.following():
            await there.told()
            async with there.notifications.at_work():
                (mail,) = await there.stand(url, ("case_submitted", "permanent_failure"))
            resent = await there.notifications.post(
                f"/v1/notifications/{mail['notification_id']}/resend", CALTAC_AGENT
            )
            assert resent.status_code == 200, resent.text
            await there.stand(url, ("case_submitted", "created"))
            async with there.notifications.at_work():
                await there.stand(url, ("case_submitted", "delivered"))


@pytest.mark.parametrize("order", [slice(None), slice(None, None, -1)], ids=["in order", "backwards"])
async def test_repeated_and_reordered_news_end_at_the_newest(
    postgres_server: str, tmp_path: Path, order: slice
) -> None:
    async with both(postgres_server, tmp_path, Script()) as there:
        url = await submitted(there.incidents, cheating())
        await there.told()
        async with there.notifications.at_work():

            async def all_published() -> list[CloudEvent]:
                news = await there.news()
                assert len(news) == 4
                return news

            news = await eventually(all_published, within=PATIENCE)
        await there.hear(*news[order], *news)
        await there.stand(url, ("case_submitted", "delivered"), ("cde_copy", "delivered"))


async def test_what_was_forgotten_is_followed_anew_to_the_same_end(
    postgres_server: str, tmp_path: Path
) -> None:
    async with both(postgres_server, tmp_path, Script()) as there:
        url = await submitted(there.incidents, cheating())
        await there.told()
        async with there.notifications.at_work(), there.following():
            before = await there.stand(url, ("case_submitted", "delivered"), ("cde_copy", "delivered"))
        await bootstrap.forget_mail(there.incidents.base)
        assert await there.mails(url) == []
        async with there.following():
            assert (
                await there.stand(url, ("case_submitted", "delivered"), ("cde_copy", "delivered")) == before
            )


async def test_filing_needs_nobody_who_delivers_mail(postgres_server: str, tmp_path: Path) -> None:
    async with both(postgres_server, tmp_path, Script()) as there:
        url = await submitted(there.incidents, charts_on_walls())
        shown = (await there.incidents.http.get(url, headers=bearer(LEA_COORDINATOR))).json()
    assert (shown["status"], shown["notifications"]) == ("submitted", [])
