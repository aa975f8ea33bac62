"""What a mail server took and another sent back reaches the ledger and the case (RFC 3464; M p44)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from services.notifications.providers.delivery_status import LARGEST
from tests.support.contracts.published import incident_submitted
from tests.support.eventually import eventually
from tests.support.http.tokens import AUDITOR, CALTAC_AGENT
from tests.support.incidents.bodies import charts_on_walls
from tests.support.incidents.service import submitted
from tests.support.notifications.mail_on_cases import both
from tests.support.notifications.world import World, settings_for, world
from tests.support.servers.mail_servers import Script, answering
from tests.support.servers.ports import free_port
from tests.support.servers.reports import PLAIN_MAIL, a_report, handed_over

pytestmark = pytest.mark.timeout(400)

BOUNCES = {"NOTIFICATIONS_BOUNCE_ADDRESS": "bounces@stairs.example.org", "NOTIFICATIONS_BOUNCE_KEY": "k" * 32}
TAKEN = (250, "OK")


async def shown(there: World) -> dict[str, object]:
    items = (await there.get("/v1/notifications", AUDITOR)).json()["items"]
    assert len(items) == 1
    return dict(items[0])


async def standing(there: World, status: str) -> dict[str, object]:
    async def so() -> dict[str, object]:
        item = await shown(there)
        assert item["status"] == status
        return item

    return await eventually(so, within=90)


@asynccontextmanager
async def a_delivered_mail(database: str, script: Script) -> AsyncIterator[tuple[World, int]]:
    """A worker at work whose one mail was taken; and the port on which it listens for what comes back."""
    async with answering(script) as port:
        listening = free_port()
        settings = settings_for(database, port, NOTIFICATIONS_BOUNCE_PORT=str(listening), **BOUNCES)
        async with world(settings) as there, there.at_work():
            there.feed.hand_in(incident_submitted(cde_copy=False))
            await standing(there, "delivered")
            yield there, listening


async def test_a_report_of_failure_ends_in_the_ledger(database: str) -> None:
    script = Script()
    async with a_delivered_mail(database, script) as (there, port):
        (envelope,) = script.taken
        report = a_report(envelope.rcpt_tos[0], diagnostic="smtp; 550 5.1.1 no 8412345678 here")
        assert await handed_over(port, str(envelope.mail_from), report) == TAKEN
        item = await standing(there, "permanent_failure")
        assert item["reason"] == (
            f"{envelope.rcpt_tos[0]}: returned: 5.1.1 550 5.1.1 no [number removed] here"
        )
        assert item["delivered_at"] is not None
        # the same report once more changes nothing
        assert await handed_over(port, str(envelope.mail_from), report) == TAKEN
        assert (await shown(there))["version"] == item["version"]
        # sent anew it is another sending: what comes back of the first is no news
        await there.post(f"/v1/notifications/{item['id']}/resend", CALTAC_AGENT)
        await standing(there, "delivered")
        assert await handed_over(port, str(envelope.mail_from), report) == TAKEN
        assert (await shown(there))["status"] == "delivered"
        assert script.taken[1].mail_from != envelope.mail_from
        assert await handed_over(port, str(script.taken[1].mail_from), report) == TAKEN
        await standing(there, "permanent_failure")


async def test_nothing_but_a_report_for_a_return_address_of_ours_is_taken(database: str) -> None:
    script = Script()
    async with a_delivered_mail(database, script) as (there, port):
        (envelope,) = script.taken
        ours, report = str(envelope.mail_from), a_report(envelope.rcpt_tos[0])
        for to in ("bounces@stairs.example.org", "lee@lea.example.org", ours.replace(".0.", ".1.")):
            assert (await handed_over(port, to, report))[0] == 550
        assert (await handed_over(port, ours, report, sender="evil@evil.example"))[0] == 550
        assert await handed_over(port, ours, PLAIN_MAIL) == TAKEN
        assert (await handed_over(port, ours, report + b"x" * LARGEST))[0] == 552
        assert await handed_over(port, ours, a_report(envelope.rcpt_tos[0], action="delayed")) == TAKEN
        assert (await shown(there))["status"] == "delivered"


async def test_a_returned_mail_is_shown_on_its_case(postgres_server: str, tmp_path: Path) -> None:
    script, port = Script(), free_port()
    told = {**BOUNCES, "NOTIFICATIONS_BOUNCE_PORT": str(port)}
    async with both(postgres_server, tmp_path, script, **told) as there:
        url = await submitted(there.incidents, charts_on_walls())
        async with there.following():
            await there.told()
            async with there.notifications.at_work():
                await there.stand(url, ("case_submitted", "delivered"))
                (envelope,) = script.taken
                await handed_over(port, str(envelope.mail_from), a_report(envelope.rcpt_tos[0]))
                await there.stand(url, ("case_submitted", "permanent_failure"))
