"""What an operator sees: a request found again in every service and in its mail, and what is behind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import Message
from functools import partial
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from deploy.console.ports import HOST, SERVICES
from shared.kernel.actor import Role
from tests.support.eventually import eventually
from tests.support.servers.kafka import messages
from tests.support.system.filings import a_report
from tests.support.system.system import RunningSystem

pytestmark = pytest.mark.timeout(300)

WITHIN = 90.0
CONCERNED = {  # by process, what it says of a case that is submitted
    "incidents-api": "request_done",
    "incidents-worker": "message_handled",
    "appeals-worker": "message_handled",
    "notifications-worker": "mail_tried",
}


@dataclass(frozen=True)
class Asked:
    """One request, by the ids under which it was sent."""

    correlation_id: str
    trace_id: str

    @property
    def traceparent(self) -> str:
        return f"00-{self.trace_id}-00f067aa0ba902b7-01"


@pytest.fixture(scope="module")
def asked(system: RunningSystem) -> Asked:
    """A case is submitted."""
    asked = Asked(f"order-{uuid4()}", f"a{uuid4().hex[1:]}")
    sent = {"X-Correlation-ID": asked.correlation_id, "traceparent": asked.traceparent}
    with system.client("incidents", Role.SITE_COORDINATOR) as incidents:
        drafted = incidents.post("/v1/incidents", json=a_report(7))
        answer = incidents.post(f"/v1/incidents/{drafted.json()['id']}/submit", json={}, headers=sent)
    assert answer.is_success, answer.text
    assert answer.headers["X-Correlation-ID"] == asked.correlation_id
    return asked


@pytest.mark.parametrize("process", CONCERNED)
async def test_every_process_that_a_request_concerns_names_it_in_its_log(
    system: RunningSystem, asked: Asked, process: str
) -> None:
    async def named() -> list[str]:
        lines = (system.place.log / f"{process}.log").read_text(errors="replace").splitlines()
        of_it = [line for line in lines if asked.correlation_id in line and CONCERNED[process] in line]
        return [line for line in of_it if asked.trace_id in line]

    assert await eventually(named, within=WITHIN)


async def test_the_mail_names_the_request_that_led_to_it(system: RunningSystem, asked: Asked) -> None:
    async def mails() -> list[Message]:
        found = [message_from_bytes(path.read_bytes(), policy=policy.default) for path in eml(system)]
        return [mail for mail in found if mail["X-STAIRS-Correlation-ID"] == asked.correlation_id]

    found = await eventually(mails, within=WITHIN)
    assert {mail["X-STAIRS-Kind"] for mail in found} == {"case_submitted"}


async def test_every_event_that_followed_carries_the_trail(system: RunningSystem, asked: Asked) -> None:
    async def delivered() -> set[str]:
        found = {
            kind for kind, trail in await trails(system) if trail == (asked.correlation_id, asked.traceparent)
        }
        assert {"stairs.incident.submitted.v1", "stairs.notification.delivered.v1"} <= found
        return found

    assert "stairs.notification.created.v1" in await eventually(delivered, within=WITHIN)


async def trails(system: RunningSystem) -> list[tuple[str, tuple[str | None, str | None]]]:
    """Type and trail of every event, as a plain consumer of the topics (or of the feeds) sees them."""
    if system.notes.kafka:
        topics = [f"stairs.{service}.v1" for service in SERVICES]
        read = [await asyncio.to_thread(messages, system.notes.kafka, topic) for topic in topics]
        headers = [{name: value.decode() for name, value in each.headers} for page in read for each in page]
        return [(it["ce_type"], (it.get("ce_correlationid"), it.get("traceparent"))) for it in headers]
    items = [item for service in SERVICES for item in followed(system, service)]
    return [(it["type"], (it.get("correlationid"), it.get("traceparent"))) for it in items]


def followed(system: RunningSystem, service: str) -> list[dict[str, str]]:
    items: list[dict[str, str]] = []
    with system.client(service, Role.SYSTEM) as client:
        after, more = 0, True
        while more:
            page = client.get("/v1/changes", params={"after": after, "limit": 500}).json()
            items, more, after = items + page["items"], page["next_after"] > after, page["next_after"]
    return items


@pytest.mark.parametrize("service", SERVICES)
async def test_a_worker_tells_what_it_is_behind_with(
    system: RunningSystem, asked: Asked, service: str
) -> None:
    at_rest = {"consumer_lag", "consumer_lag_seconds", "projection_lag"}
    if system.notes.kafka:
        at_rest |= {"relay_lag", "relay_lag_seconds"}
    if service == "notifications":
        at_rest |= {"mails_waiting", "mails_waiting_seconds"}
    base = f"http://{HOST}:{system.notes.ports[f'{service}_worker']}"

    async def nothing_waits(http: httpx.AsyncClient) -> bool:
        body = (await http.get("/readyz")).json()
        assert (body["status"], body["reasons"]) == ("ready", {})
        assert at_rest | {"dead_letters_waiting"} <= body["lags"].keys()
        assert {name: behind for name in at_rest if (behind := worst(body["lags"][name]))} == {}
        return True

    async with httpx.AsyncClient(base_url=base, timeout=30) as http:
        await eventually(partial(nothing_waits, http), within=WITHIN)
        exposed = (await http.get("/metrics")).text
    assert [name for name in at_rest if f"\nstairs_{name}" not in exposed] == []


def worst(figure: float | dict[str, float]) -> float:
    return max(figure.values()) if isinstance(figure, dict) else figure


@pytest.mark.parametrize("service", SERVICES)
def test_an_api_tells_the_same_of_its_service_and_of_its_queue(
    system: RunningSystem, asked: Asked, service: str
) -> None:
    with system.client(service, Role.AUDITOR) as client:
        lags = client.get("/readyz").json()["lags"]
    own = {"mails_waiting", "mails_waiting_seconds"} if service == "notifications" else set()
    assert {"projection_lag", "dead_letters_waiting"} | own <= lags.keys()
    assert (lags["append_waiting"], lags["append_waiting_limit"]) == (0, 1024)


def eml(system: RunningSystem) -> list[Path]:
    return list(system.place.mail.glob("*.eml"))
