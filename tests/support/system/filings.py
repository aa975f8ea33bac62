"""A steady stream of filings by clients that keep a journal: what was acknowledged, and nothing else."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from deploy.console.keys.tokens import PEOPLE, SCHOOL, make_token
from shared.kernel.actor import Role
from tests.support.system.system import RunningSystem

PATIENCE = 180.0  # seconds for one request to be answered at last, whoever dies meanwhile
AGAIN = 0.2  # seconds between two attempts of the same request
AGAIN_LATER = (429, 503)  # with Retry-After: too many of one caller at once, or nobody can take it now
OUR_FAULTS = range(500, 600)


@dataclass
class Journal:
    """What the service said was done: by case number, the id of the case."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    attempts: int = 0
    numbers_said_twice: list[str] = field(default_factory=list)
    failures: Counter[str] = field(
        default_factory=Counter
    )  # answers that were not the last word, by their kind
    unexplained: list[str] = field(default_factory=list)  # 5xx that do not say when to come back
    slowest: float = 0.0  # seconds from the first attempt of a request to its answer

    def enter(self, case_number: str, case_id: str) -> None:
        if case_number in self.acknowledged:
            self.numbers_said_twice.append(case_number)
        self.acknowledged[case_number] = case_id

    def fail(self, answer: httpx.Response | str) -> None:
        if isinstance(answer, str):
            self.failures[answer] += 1
            return
        self.failures[str(answer.status_code)] += 1
        if answer.status_code not in AGAIN_LATER or "retry-after" not in answer.headers:
            self.unexplained.append(f"{answer.status_code} {answer.text[:300]}")


@dataclass
class Clients:
    """Coordinators who file, at a fixed pace, and repeat a request with its key until it is answered."""

    system: RunningSystem
    journal: Journal
    per_second: float
    door: str | None = None  # where the API is knocked at, if not at its own address
    timeout: float = 10.0  # seconds until a client gives one attempt up

    async def file_until(self, done: Callable[[], bool]) -> None:
        """File one case after the other, several at a time, until it is enough."""
        began = time.monotonic()
        async with self._http() as http, asyncio.TaskGroup() as filings:
            for number in itertools.count():
                await asyncio.sleep(max(0.0, began + number / self.per_second - time.monotonic()))
                if done():
                    break
                filings.create_task(self._file(http, number))

    async def file(self, count: int, *, at_once: int = 8) -> None:
        """File so many cases, as fast as they are taken."""
        numbers = iter(range(count))

        async def one_after_the_other(http: httpx.AsyncClient) -> None:
            for number in numbers:
                await self._file(http, number)

        async with self._http() as http, asyncio.TaskGroup() as filings:
            for _ in range(at_once):
                filings.create_task(one_after_the_other(http))

    def _http(self) -> httpx.AsyncClient:
        token = make_token(self.system.place, PEOPLE[Role.SITE_COORDINATOR], hours=24)
        return httpx.AsyncClient(
            base_url=self.door or self.system.notes.urls["incidents"],
            headers={"Authorization": f"Bearer {token}"},
            timeout=self.timeout,
            limits=httpx.Limits(max_connections=None),
        )

    async def _file(self, http: httpx.AsyncClient, number: int) -> None:
        drafted = await self._until_answered(http, "/v1/incidents", a_report(number))
        submitted = await self._until_answered(http, f"/v1/incidents/{drafted['id']}/submit", {})
        self.journal.enter(str(submitted["case_number"]), str(submitted["id"]))

    async def _until_answered(
        self, http: httpx.AsyncClient, path: str, body: dict[str, object]
    ) -> dict[str, object]:
        """One request, sent again under its key while nobody answers or the answer is to come later."""
        key = {"Idempotency-Key": str(uuid.uuid4())}
        began = time.monotonic()
        while True:
            self.journal.attempts += 1
            answer = await _answer(http, path, body, key)
            if isinstance(answer, httpx.Response) and answer.status_code not in (*AGAIN_LATER, *OUR_FAULTS):
                self.journal.slowest = max(self.journal.slowest, time.monotonic() - began)
                assert answer.is_success, f"{path}: {answer.status_code} {answer.text}"
                parsed: dict[str, object] = answer.json()
                return parsed
            self.journal.fail(answer)
            assert time.monotonic() < began + PATIENCE, f"{path} was not answered in {PATIENCE:.0f} s"
            await asyncio.sleep(AGAIN)


async def _answer(
    http: httpx.AsyncClient, path: str, body: dict[str, object], headers: dict[str, str]
) -> httpx.Response | str:
    try:
        return await http.post(path, json=body, headers=headers)
    except httpx.TransportError as error:
        return type(error).__name__


def a_report(number: int) -> dict[str, object]:
    """A case that needs no appeal: it becomes processed, and its confirmation is mailed."""
    noticed = datetime.now(UTC) - timedelta(hours=1)
    return {
        "incident_type": "instructional_materials_displayed",
        "school": SCHOOL,
        "occurred_at": noticed.isoformat(timespec="seconds"),
        "discovered_at": noticed.isoformat(timespec="seconds"),
        "administration_year": "2018-19",
        "grade": "04",
        "test": "sb_ela_cat",
        "delivery_mode": "online",
        "student_count": 0,
        "narrative": f"Number {number} of a stream.",
        "details": {"room": f"Room {number}", "what_was_visible": "a chart"},
    }
