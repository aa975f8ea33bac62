"""Six cases of the manual from filing to the e-mail, over both ways of carrying events."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from deploy.console.local.mailbox import read_mailbox
from deploy.console.ports import SERVICES
from shared.kernel.actor import Role
from tests.support.contracts.event_schemas import problems
from tests.support.eventually import eventually
from tests.support.servers.kafka import messages
from tests.support.system.listing import differences, every_message_is_delivered, everything_listed
from tests.support.system.system import RunningSystem

pytestmark = pytest.mark.timeout(300)

SUBMITTED_TO_MAILED = {
    "stairs.incident.submitted.v1",
    "stairs.incident.processed.v1",
    "stairs.appeal.requested.v1",
    "stairs.appeal.approved.v1",
    "stairs.appeal.denied.v1",
    "stairs.appeal.processed.v1",
    "stairs.notification.created.v1",
    "stairs.notification.delivered.v1",
}
TOPICS = ("stairs.incidents.v1", "stairs.appeals.v1", "stairs.notifications.v1")


@pytest.fixture(scope="module")
def told(system: RunningSystem) -> str:
    """What the demo prints, played once."""
    done = system.stairs("demo")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_six_cases_come_out_as_the_manual_says(told: str) -> None:
    assert "as the manual says" in told
    assert "not as the manual says" not in told


def test_it_can_be_played_again(told: str, system: RunningSystem) -> None:
    again = system.stairs("demo", "E26", "E38")
    assert again.returncode == 0, again.stdout + again.stderr


def test_what_does_not_come_out_as_told_is_said_and_fails(told: str, system: RunningSystem) -> None:
    strange = system.stairs("demo", "E99")
    assert strange.returncode == 1
    assert "no example E99" in strange.stderr


def test_every_mail_came_once(told: str, system: RunningSystem) -> None:
    mails = read_mailbox(system.place.mail)
    assert len(mails) >= 18
    assert not [mail.subject for mail in mails if mail.repeats]


async def test_every_submitted_case_shows_its_mails_delivered(told: str, system: RunningSystem) -> None:
    async def so() -> bool:
        assert await asyncio.to_thread(mails_on_cases, system) == {"delivered"}
        return True

    await eventually(so, within=90)


def mails_on_cases(system: RunningSystem) -> set[str]:
    """Every status of a mail that stands on a submitted case; "none" for a case without any."""
    found: set[str] = set()
    with system.client("incidents", Role.AUDITOR) as incidents:
        cases = incidents.get("/v1/incidents", params={"limit": "200"}).json()["items"]
        for case in cases:
            mails = incidents.get(f"/v1/incidents/{case['id']}").json()["notifications"]
            if case["case_number"]:
                found |= {mail["status"] for mail in mails} or {"none"}
    return found


def test_no_ssid_leaves_the_incidents_service(told: str, system: RunningSystem) -> None:
    with system.client("incidents", Role.LEA_COORDINATOR) as incidents:
        newest = incidents.get("/v1/incidents", params={"incident_type": "student_cheating"}).json()["items"][
            0
        ]
        ssids = incidents.get(f"/v1/incidents/{newest['id']}/students").json()["students"]
    numbers = [student["ssid"] for student in ssids]
    written = [
        path
        for folder in (system.place.mail, system.place.log)
        for path in folder.rglob("*")
        if path.is_file()
    ]
    assert numbers
    assert not [
        path for path in written if any(number in path.read_text(errors="replace") for number in numbers)
    ]


async def test_rebuilt_read_models_answer_as_before(told: str, system: RunningSystem) -> None:
    await eventually(partial(every_message_is_delivered, system), within=90)
    before = everything_listed(system)
    rebuilt = system.stairs("rebuild")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    assert differences(before, everything_listed(system)) == []


def test_a_plain_consumer_sees_the_events_of_the_contract(told: str, system: RunningSystem) -> None:
    wanted = SUBMITTED_TO_MAILED if system.notes.kafka else set()
    assert wanted <= set(types_on_kafka(system))


def test_every_message_is_what_its_schema_says(told: str, system: RunningSystem) -> None:
    found = list(published(system))
    assert {event["type"] for event in found} >= SUBMITTED_TO_MAILED
    assert [fault for event in found for fault in problems(event["type"], event["data"])] == []


def published(system: RunningSystem) -> Iterator[dict[str, Any]]:
    """All that the services have published; the changes feed has what the topics have."""
    for service in SERVICES:
        after, more = 0, True
        with system.client(service, Role.SYSTEM) as client:
            while more:
                page = (
                    client.get("/v1/changes", params={"after": after, "limit": 500}).raise_for_status().json()
                )
                yield from page["items"]
                more, after = page["next_after"] > after, page["next_after"]


def types_on_kafka(system: RunningSystem) -> list[str]:
    bootstrap = system.notes.kafka
    found = [message for topic in TOPICS for message in messages(bootstrap, topic)] if bootstrap else []
    return [dict(message.headers)["ce_type"].decode() for message in found]
