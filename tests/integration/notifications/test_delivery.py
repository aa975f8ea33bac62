"""From an event to the mailbox, on real PostgreSQL and real SMTP (N1-N4, HR-09, E26, K21)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from deploy.console.local.mailbox import read_mailbox, serving
from services.notifications.read_model.tables import outgoing
from tests.support.contracts.published import (
    LEA,
    appeal_denied,
    appeal_requested,
    case_number,
    incident_submitted,
)
from tests.support.eventually import eventually
from tests.support.http.tokens import AUDITOR, LEA_COORDINATOR
from tests.support.notifications.world import CDE, World, settings_for, world
from tests.support.servers.mail_servers import Script, answering
from tests.support.servers.ports import free_port

LENA = {"role": "lea_coordinator", "name": "Lena Ortiz", "email": "lena@lea.example.org"}
SAM = "site-1@example.org"


@asynccontextmanager
async def scripted(database: str, script: Script) -> AsyncIterator[World]:
    async with answering(script) as port, world(settings_for(database, port)) as there, there.at_work():
        yield there


async def listed(there: World, **query: str) -> list[dict[str, object]]:
    answer = await there.get("/v1/notifications", AUDITOR, **query)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, object]] = answer.json()["items"]
    return items


async def all_are(there: World, status: str, count: int) -> list[dict[str, object]]:
    async def so() -> list[dict[str, object]]:
        items = await listed(there)
        assert [item["status"] for item in items] == [status] * count
        return items

    return await eventually(so)


async def queue_length(there: World) -> int:
    async with there.base.engine.connect() as connection:
        return (await connection.execute(sa.select(sa.func.count()).select_from(outgoing))).scalar_one()


async def test_e26_a_submitted_case_is_in_the_mailbox_of_everybody_once(
    database: str, tmp_path: Path
) -> None:
    async with serving(tmp_path) as port, world(settings_for(database, port)) as there, there.at_work():
        await there.put(f"/v1/directory/{LEA}", LEA_COORDINATOR, {"contacts": [LENA]})
        there.feed.hand_in(incident_submitted(), appeal_requested(), appeal_denied())
        await all_are(there, "delivered", 4)
    mails = {mail.kind: mail for mail in read_mailbox(tmp_path)}
    assert {kind: mail.to for kind, mail in mails.items()} == {
        "case_submitted": (SAM, "lena@lea.example.org"),
        "cde_copy": (CDE,),
        "appeal_review_requested": (CDE,),
        "appeal_decided": (SAM, "lena@lea.example.org"),
    }
    assert {mail.case_number for mail in mails.values()} == {case_number(1)}
    assert {mail.repeats for mail in mails.values()} == {0}


async def test_a_redelivered_event_makes_no_second_mail(database: str, tmp_path: Path) -> None:
    event = incident_submitted(cde_copy=False)
    async with serving(tmp_path) as port, world(settings_for(database, port)) as there, there.at_work():
        there.feed.hand_in(event, event)
        await all_are(there, "delivered", 1)
        there.feed.hand_in(event, incident_submitted(2, cde_copy=False))
        await all_are(there, "delivered", 2)
    assert [mail.repeats for mail in read_mailbox(tmp_path)] == [0, 0]


async def test_a_busy_server_is_tried_again(database: str) -> None:
    script = Script(data=["451 4.3.0 try later"])
    async with scripted(database, script) as there:
        there.feed.hand_in(incident_submitted(cde_copy=False))
        (waiting,) = await all_are(there, "temporary_failure", 1)
        assert waiting["reason"] == "451 4.3.0 try later"
        assert waiting["retry_at"] is not None
        await make_due(there)
        (message,) = await all_are(there, "delivered", 1)
        assert message["attempts"] == 2
        assert len(script.taken) == 1
        assert await queue_length(there) == 0


async def make_due(there: World) -> None:
    async with there.base.engine.begin() as connection:
        await connection.execute(sa.update(outgoing).values(due_at=sa.func.now()))


async def test_a_refused_address_is_a_permanent_failure_and_the_others_have_their_mail(database: str) -> None:
    script = Script(to={"lena@lea.example.org": "550 5.1.1 no such user"})
    async with scripted(database, script) as there:
        await there.put(f"/v1/directory/{LEA}", LEA_COORDINATOR, {"contacts": [LENA]})
        there.feed.hand_in(incident_submitted(cde_copy=False))
        (message,) = await all_are(there, "permanent_failure", 1)
        assert message["reason"] == "lena@lea.example.org: 550 5.1.1 no such user"
        assert [envelope.rcpt_tos for envelope in script.taken] == [[SAM]]
        assert await queue_length(there) == 0


async def test_mails_wait_for_a_server_that_is_down(database: str) -> None:
    port = free_port()
    async with world(settings_for(database, port)) as there, there.at_work():
        there.feed.hand_in(incident_submitted(1), incident_submitted(2))
        await all_are(there, "temporary_failure", 4)
        script = Script()
        async with answering(script, port):
            await make_due(there)
            await all_are(there, "delivered", 4)
            assert len(script.taken) == 4


async def test_a_resend_goes_out_once_more_under_the_same_message_id(database: str, tmp_path: Path) -> None:
    async with serving(tmp_path) as port, world(settings_for(database, port)) as there, there.at_work():
        there.feed.hand_in(incident_submitted(cde_copy=False))
        (message,) = await all_are(there, "delivered", 1)
        await there.put(f"/v1/directory/{LEA}", LEA_COORDINATOR, {"contacts": [LENA]})
        address = f"/v1/notifications/{message['id']}/resend"
        key = {"Idempotency-Key": "once-1"}
        first = await there.post(address, LEA_COORDINATOR, **key)
        again = await there.post(address, LEA_COORDINATOR, **key)
        assert (first.status_code, first.json()["status"]) == (200, "created")
        assert (again.headers["idempotency-replayed"], again.json()) == ("true", first.json())

        async def sent_again() -> bool:
            shown = (await there.get(f"/v1/notifications/{message['id']}", AUDITOR)).json()
            return bool(shown["attempts"] == 2)

        await eventually(sent_again)
        await all_are(there, "delivered", 1)
    (mail,) = read_mailbox(tmp_path)
    assert mail.arrivals == ((SAM,), (SAM, "lena@lea.example.org"))


async def test_two_senders_share_the_queue_and_repeat_nothing(database: str, tmp_path: Path) -> None:
    async with serving(tmp_path) as port, world(settings_for(database, port)) as there:
        await there.happened(*(incident_submitted(number, cde_copy=False) for number in range(30)))
        async with there.at_work(), there.at_work():
            await all_are(there, "delivered", 30)
    mails = read_mailbox(tmp_path)
    assert len(mails) == 30
    assert {mail.repeats for mail in mails} == {0}


async def test_an_event_that_cannot_be_handled_is_parked_and_stops_nothing(database: str) -> None:
    broken = incident_submitted(1)
    del broken.data["severity"]
    async with scripted(database, Script()) as there:
        there.feed.hand_in(broken, incident_submitted(2, cde_copy=False))
        await all_are(there, "delivered", 1)
        assert len(there.feed.parked) == 1
        assert "severity" in there.feed.parked[0].reason


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "at work"])
async def test_a_worker_that_is_asked_to_stop_stops(database: str, busy: bool) -> None:
    async with asyncio.timeout(20), scripted(database, Script()) as there:
        events = [incident_submitted(number) for number in range(25 if busy else 0)]
        there.feed.hand_in(*events)
