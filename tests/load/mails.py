"""Submit to SMTP acceptance: cases are submitted while the filing load of this bench goes on.

The load is that of `filing.py` (closed loop, 32 connections, drafts) on the whole system as `stairs run`
starts it. Its incidents were discovered an hour ago, as in life: an old one would miss its deadline at once,
and the confirmations of the next round would wait behind a mail about each. Beside the load a draft is
submitted every tenth of a second; a figure is the time from sending that request until the mailbox has synced
the confirmation and says 250. A round ends when the system has nothing left to do.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from deploy.console.keys.tokens import PEOPLE, SCHOOL, make_token
from deploy.console.local.mailbox import read_mail
from deploy.kafka import jars
from shared.kernel.actor import Role
from tests.load.filing import BODY, CONNECTIONS
from tests.load.http_client import percentile
from tests.load.surroundings import RAISED, Surroundings
from tests.support.system.filings import a_report
from tests.support.system.system import RunningSystem, short_folder, started

SECONDS = 10.0  # of load
EVERY = 0.1  # seconds between two submissions
PATIENCE = 180.0  # seconds for the last mail
AT_REST = 600.0  # seconds for all that follows from a round
LOOKS = 4  # so many looks in a row find nothing waiting: figures are measured anew every 15 seconds at most
BETWEEN_LOOKS = 5.0
_WAITING = re.compile(
    r"^stairs_(?:projection_lag|relay_lag|consumer_lag|mails_waiting)(?:\{.*\})? (\S+)$", re.M
)


class Mails:
    """The whole system, up for the whole run: ``mail_p50_s_…``, ``mail_p99_s_…`` of one transport."""

    def __init__(self, transport: str) -> None:
        self._transport = transport
        self._open = ExitStack()
        self._system: RunningSystem | None = None

    def __enter__(self) -> Self:
        options = ("--kafka",) if self._transport == "kafka" else ()
        if options and (reason := _no_kafka()):
            sys.stderr.write(f"mails by Kafka are left out: {reason}\n")
            return self
        folder = self._open.enter_context(short_folder())
        self._system = self._open.enter_context(started(folder / "var", *options, told=RAISED))
        _submit_under_load(self._system, seconds=1.0)
        _come_to_rest(self._system)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def round(self) -> dict[str, float]:
        """The median and the 99th percentile, in seconds."""
        if self._system is None:
            return {}
        waits = sorted(_submit_under_load(self._system, seconds=SECONDS))
        _come_to_rest(self._system)
        return {
            f"mail_p50_s_{self._transport}": percentile(waits, 0.50),
            f"mail_p99_s_{self._transport}": percentile(waits, 0.99),
        }


def by_feeds(_around: Surroundings) -> Mails:
    return Mails("feeds")


def by_kafka(_around: Surroundings) -> Mails:
    return Mails("kafka")


@dataclass
class Submitted:
    """When the request was sent, of each case."""

    at: dict[str, float]  # by case number; seconds of the epoch


def _submit_under_load(system: RunningSystem, seconds: float) -> list[float]:
    """Seconds from each submission to the mailbox's 250, once the last mail is there."""
    with system.client("incidents", Role.SITE_COORDINATOR) as client:
        drafts = [_draft(client, number) for number in range(int(seconds / EVERY))]
        with _loaded(system, seconds):
            submitted = _submit(client, drafts)
    return list(_waits(system.place.mail, submitted).values())


def _draft(client: httpx.Client, number: int) -> str:
    return str(client.post("/v1/incidents", json=a_report(number)).raise_for_status().json()["id"])


def _submit(client: httpx.Client, drafts: list[str]) -> Submitted:
    submitted, began = Submitted({}), time.monotonic()
    for number, draft in enumerate(drafts):
        time.sleep(max(0.0, began + number * EVERY - time.monotonic()))
        sent = time.time()
        answer = client.post(f"/v1/incidents/{draft}/submit", json={}).raise_for_status().json()
        submitted.at[str(answer["case_number"])] = sent
    return submitted


def _loaded(system: RunningSystem, seconds: float) -> ExitStack:
    """The load generator in its own process, for as long as the block; its answers must all be good."""
    url = f"{system.notes.urls['incidents']}/v1/incidents"
    token = make_token(system.place, PEOPLE[Role.LEA_COORDINATOR], hours=1)
    request = {
        "headers": {"authorization": f"Bearer {token}", "content-type": "application/json"},
        "body": {**BODY, **_discovered_an_hour_ago(), "school": SCHOOL},
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.load.http_client", url, str(seconds), str(CONNECTIONS)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.write(json.dumps(request).encode())
    process.stdin.close()

    def ended() -> None:
        assert process.stdout is not None
        seen = json.loads(process.stdout.read())
        process.wait(seconds + 60)
        if seen["refused"]:
            raise RuntimeError(f"{seen['refused']:.0f} drafts were not accepted")

    stack = ExitStack()
    stack.callback(ended)
    return stack


def _discovered_an_hour_ago() -> dict[str, str]:
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat(timespec="seconds")
    return {"occurred_at": at, "discovered_at": at, "administration_year": "2018-19"}


def _come_to_rest(system: RunningSystem) -> None:
    """Until nothing waits: to be folded, published, consumed or mailed, in any process."""
    until, quiet = time.monotonic() + AT_REST, 0
    while quiet < LOOKS:
        time.sleep(BETWEEN_LOOKS)
        waiting = _waiting(system)
        quiet = 0 if waiting else quiet + 1
        if time.monotonic() > until:
            raise RuntimeError(f"{waiting:.0f} still wait {AT_REST:.0f} s after a round")


def _waiting(system: RunningSystem) -> float:
    ports = [port for name, port in system.notes.ports.items() if name.partition("_")[0] in system.notes.urls]
    told = [
        httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=30).raise_for_status().text for port in ports
    ]
    return sum(float(figure) for text in told for figure in _WAITING.findall(text))


def _waits(folder: Path, submitted: Submitted) -> dict[str, float]:
    """Seconds by case number; waits for the last mail."""
    waits: dict[str, float] = {}
    looked: set[Path] = set()
    until = time.monotonic() + PATIENCE
    while len(waits) < len(submitted.at):
        if time.monotonic() > until:
            raise RuntimeError(f"{len(submitted.at) - len(waits)} confirmations did not come")
        for path in set(folder.glob("*.arrivals")) - looked:
            looked.add(path)
            mail = read_mail(path.with_suffix(".eml"))
            if mail.kind == "case_submitted" and mail.case_number in submitted.at:
                waits[mail.case_number] = _arrived(path) - submitted.at[mail.case_number]
        time.sleep(0.2)
    return waits


def _arrived(path: Path) -> float:
    at: str = json.loads(path.read_text("utf-8").splitlines()[0])["at"]
    return datetime.fromisoformat(at).timestamp()


def _no_kafka() -> str | None:
    try:
        jars.java()
        jars.fetch(jars.jar_folder())
    except jars.BrokerUnavailable as reason:
        return str(reason)
    return None
