"""Others deliver (ADR 0016): a plain consumer of Kafka hands our mails to a real server, and reports back."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from deploy.kafka.jars import HERE
from services.notifications.bootstrap import NOTIFICATIONS
from shared.chassis.foundation import foundation
from shared.chassis.worker import relay_loop, worker_loops
from shared.messaging.kafka.topics import create, declared
from tests.support.contracts.published import incident_submitted
from tests.support.eventually import eventually
from tests.support.http.tokens import AUDITOR, CALTAC_AGENT, SYSTEM, token
from tests.support.logbooks.chronicle import served
from tests.support.notifications.plain_mailer import TOPIC, PlainMailer
from tests.support.notifications.world import CDE, World, settings_for, world
from tests.support.servers.arrived import parsed
from tests.support.servers.kafka import ends_of
from tests.support.servers.mail_servers import Script, answering
from tests.support.servers.ports import free_port

pytestmark = pytest.mark.timeout(400)

PATIENCE = 120.0  # seconds; the machine may be busy


@dataclass
class Outside:
    """This service without a sender of its own, and the mailer that does the work."""

    notifications: World
    mailer: PlainMailer
    smtp: Script

    async def listed(self, *standings: tuple[str, str, int]) -> list[dict[str, Any]]:
        """The list of messages, once kinds, statuses and attempts are these."""

        async def so() -> list[dict[str, Any]]:
            items: list[dict[str, Any]] = (await self.notifications.get("/v1/notifications", AUDITOR)).json()[
                "items"
            ]
            found = [(item["kind"], item["status"], item["attempts"]) for item in items]
            assert sorted(found) == sorted(standings)
            return items

        return await eventually(so, within=PATIENCE)

    def message_ids(self) -> list[str]:
        return [str(parsed(envelope)["Message-ID"]) for envelope in self.smtp.taken]


@asynccontextmanager
async def outside(database: str, kafka: str, script: Script) -> AsyncIterator[Outside]:
    await asyncio.to_thread(create, kafka, declared(HERE / "topics.yaml"))
    since, nobody_listens = await asyncio.to_thread(ends_of, kafka, TOPIC), free_port()
    ours = {"NOTIFICATIONS_DELIVERY": "external", "kafka_bootstrap_servers": kafka}
    settings = settings_for(database, nobody_listens, **ours)
    async with (
        answering(script) as port,
        world(settings) as there,
        served(there.app, free_port()) as url,  # type: ignore[arg-type]  # an ASGI application
        there.listed(),
    ):
        mailer = PlainMailer(kafka, since, port, url, token(SYSTEM))
        assert settings.kafka is not None
        relay = relay_loop(there.base, settings.kafka)
        stop, stop_mailer = asyncio.Event(), threading.Event()
        working = asyncio.gather(relay["relay"](stop), asyncio.to_thread(mailer.run, stop_mailer))
        try:
            yield Outside(there, mailer, script)
        finally:
            stop.set()
            stop_mailer.set()
            await working


async def test_a_plain_mailer_delivers_retries_and_keeps_our_ledger_whole(
    database: str, kafka_bootstrap: str
) -> None:
    script = Script(data=["451 4.3.0 try later"], to={CDE: "550 5.1.1 no such user"})
    async with outside(database, kafka_bootstrap, script) as there:
        await there.notifications.happened(incident_submitted(91))
        items = await there.listed(("case_submitted", "delivered", 2), ("cde_copy", "permanent_failure", 1))
        by_kind = {item["kind"]: item for item in items}
        assert by_kind["cde_copy"]["reason"] == f"{CDE}: 550 5.1.1 no such user"
        assert there.message_ids() == [by_kind["case_submitted"]["message_id"]]
        assert set(there.mailer.answers) == {200}
    (envelope,) = script.taken
    mail = parsed(envelope)
    assert envelope.mail_from == "stairs@stairs.example.org"
    assert mail.get_content_type() == "multipart/alternative"
    assert mail["List-Id"] == "<stairs.notifications.stairs.local>"


async def test_a_resend_reaches_the_mailer_outside_under_the_same_message_id(
    database: str, kafka_bootstrap: str
) -> None:
    async with outside(database, kafka_bootstrap, Script()) as there:
        await there.notifications.happened(incident_submitted(92, cde_copy=False))
        (message,) = await there.listed(("case_submitted", "delivered", 1))
        answer = await there.notifications.post(f"/v1/notifications/{message['id']}/resend", CALTAC_AGENT)
        assert (answer.status_code, answer.json()["status"]) == (200, "created")
        await there.listed(("case_submitted", "delivered", 2))
        assert there.message_ids() == [message["message_id"]] * 2


@pytest.mark.parametrize(("delivery", "sends"), [("smtp", True), ("external", False)])
async def test_only_in_smtp_mode_the_worker_has_a_sender(database: str, delivery: str, sends: bool) -> None:
    settings = settings_for(database, free_port(), NOTIFICATIONS_DELIVERY=delivery)
    async with foundation(NOTIFICATIONS, settings) as base:
        assert ("sender" in worker_loops(base)) is sends
