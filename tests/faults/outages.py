"""Outages that are more than a cell: Kafka away for a day, PostgreSQL restarted, a bit flipped on its way."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable

import httpx

from deploy.console.folders import ROOT
from deploy.console.local.postgres_process import postmaster
from shared.contracts.envelope import CloudEvent
from shared.kernel.actor import Role
from shared.messaging.cloud_events import from_message
from tests.faults.injections import set_clock
from tests.support.eventually import eventually
from tests.support.servers.kafka import messages
from tests.support.system.filings import Clients, Journal
from tests.support.system.wired import Wired

HOURS = 24
AN_HOURS_FILINGS = int(os.environ.get("STAIRS_DAY_FILINGS", "480")) // HOURS
TOPIC = "stairs.incidents.v1"
BACK_WITHIN = 120.0


async def file_for_a_day_without_kafka(wired: Wired) -> tuple[Journal, list[str]]:
    """The broker is stopped; hour by hour the clock moves on and cases are filed; then it is started.

    The length is simulated by the clock (24 steps of an hour, which every process reads) and by the volume;
    the broker is a real one, and really away. Also says which doors were not ready in the last hour.
    """
    journal = Journal()
    clients = Clients(wired.system, journal, 0.0, timeout=90.0)
    await asyncio.to_thread(_kafka, wired, "down")
    try:
        for hour in range(1, HOURS + 1):
            set_clock(wired, f"{hour * 3600}")
            await clients.file(AN_HOURS_FILINGS)
        unready = await asyncio.to_thread(wired.not_ready)
    finally:
        await asyncio.to_thread(_kafka, wired, "up")
    return journal, unready


def _kafka(wired: Wired, verb: str) -> None:
    """As an operator does it; `stairs run` leaves alone what was stopped on purpose."""
    notes = wired.system.notes
    assert notes.kafka is not None
    told = {
        "STAIRS_KAFKA_STATE": str(wired.system.place.kafka),
        "STAIRS_KAFKA_PORT": str(notes.ports["kafka"]),
        "STAIRS_KAFKA_ADVERTISED": notes.kafka,
    }
    subprocess.run([sys.executable, "-m", "deploy.kafka", verb], cwd=ROOT, env=os.environ | told, check=True)


def published(wired: Wired) -> dict[str, list[str]]:
    """What stands in the topic now: the events' ids by key, in their order, a repeat counted once."""
    assert wired.system.notes.kafka is not None
    read = messages(wired.system.notes.kafka, TOPIC)
    return _by_key([from_message(message.headers, message.value) for message in read])


def recorded(wired: Wired) -> dict[str, list[str]]:
    """What the event store has to be published: the ids by key, in their order."""
    found: dict[str, list[str]] = {}
    after, more = 0, True
    with wired.system.client("incidents", Role.AUDITOR) as incidents:
        while more:
            answer = incidents.get("/v1/changes", params={"after": after, "limit": 500}).raise_for_status()
            page = answer.json()
            for item in page["items"]:
                found.setdefault(str(item["partitionkey"]), []).append(str(item["id"]))
            more, after = bool(page["items"]), page["next_after"]
    return found


def _by_key(events: list[CloudEvent]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for event in events:
        of_it = found.setdefault(event.key, [])
        if event.id not in of_it:
            of_it.append(event.id)
    return found


async def restart_postgres(wired: Wired) -> None:
    """Stop it as an administrator does, in its fast way; `stairs run` starts it again."""
    data = wired.system.place.postgres
    stopped = postmaster(data)
    assert stopped is not None
    os.kill(stopped, signal.SIGINT)

    async def back() -> bool:
        return postmaster(data) not in (None, stopped) and await asyncio.to_thread(wired.not_ready) == []

    await eventually(back, within=BACK_WITHIN, every=0.3)


async def read_until(wired: Wired, done: Callable[[], bool]) -> Counter[str]:
    """Ask for the list again and again; how often each answer came: its status, and whether it says when."""
    answers: Counter[str] = Counter()
    with wired.system.client("incidents", Role.AUDITOR) as known:
        headers = known.headers
    async with httpx.AsyncClient(base_url=wired.system.notes.urls["incidents"], headers=headers) as http:
        while not done():
            answer = await http.get("/v1/incidents", params={"limit": 1}, timeout=60)
            says_when = ", Retry-After" if "retry-after" in answer.headers else ""
            answers[f"{answer.status_code}{says_when}"] += 1
            await asyncio.sleep(0.05)
    return answers


def a_whole_produce_request(piece: bytes) -> bool:
    """Kafka's request 0, long enough to end in a record: there a checksum covers the flipped bit."""
    return (
        len(piece) >= 400 and piece[4:6] == b"\x00\x00" and int.from_bytes(piece[:4], "big") == len(piece) - 4
    )
