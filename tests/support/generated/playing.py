"""Generated requests asked of a service in memory, by every caller, and what was answered."""

from __future__ import annotations

import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import httpx
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import FailureGroup

from shared.kernel.actor import Actor
from tests.support.authorisation.expected import DONE, EXPECTED, operation_of, verdict
from tests.support.authorisation.worlds import CLASS, MARKS, WORLDS, World
from tests.support.contracts.openapi_documents import path_of
from tests.support.generated.requests import Case, Made, cases, operations, sent
from tests.support.http.tokens import EVERYBODY, bearer

CALLERS = (None, *EVERYBODY)
OF_EACH = 48
"""Requests to each operation: four by each caller."""

HELD = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
)
"""Checks of every answer. Who may, and with which token, ``tests/contract/test_authorisation.py`` asks."""

OF_WRONG_ONES = "negative_data_rejection"
MARKED = (*MARKS.values(), *(ssid for those in CLASS.values() for ssid in those))
"""What stands in the things of the world, and in no request."""


@dataclass
class Played:
    """What the requests to one service showed."""

    statuses: Mapping[str, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    callers: Mapping[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    failures: list[str] = field(default_factory=list)

    @property
    def requests(self) -> int:
        """How many requests were made."""
        return sum(sum(each.values()) for each in self.statuses.values())

    def of_class(self, hundred: int) -> int:
        """How many answers were 2xx, 4xx or 5xx."""
        return sum(
            count
            for each in self.statuses.values()
            for status, count in each.items()
            if status // 100 == hundred
        )


class Player:
    """Asks one service what a seed makes of its document."""

    def __init__(self, service: str, seed: int) -> None:
        self._rows: dict[str, list[str]] = defaultdict(list)
        for name in EXPECTED[service]:
            self._rows[operation_of(name)].append(name)
        self._expected = EXPECTED[service]
        self._operations = operations(json.loads(path_of(service).read_text("utf-8")))
        self._world: World = WORLDS[service]()
        self._seed = seed
        self._chance = random.Random(seed)
        self.played = Played()
        load_all_checks()

    async def play(self) -> Played:
        """Every operation as somebody may ask for it, and then by everybody with what was generated."""
        await self._world.build()
        for name, operation in self._operations.items():
            made = cases(operation, OF_EACH, self._seed)
            for row in self._rows[name]:
                await self._understood(name, row, made[0])
            for number in range(max(OF_EACH, len(made))):
                await self._generated(name, made[number % len(made)], CALLERS[number % len(CALLERS)])
        await self._world.http.aclose()
        return self.played

    async def _understood(self, name: str, row: str, case: Case) -> None:
        """The request of a row as the world understands it, by one who may."""
        target = self._world.targets(row)[0]
        caller = next(each for each in EVERYBODY if verdict(self._expected[row], each, target) == DONE)
        answer = await self._world.ask(self._world.asked(row, target), caller)
        if not answer.is_success:
            self.played.failures.append(f"{name} by {caller.role}: {answer.status_code} {answer.text[:200]}")
        # without its body, which of a file is a stream that was sent
        answer.request = httpx.Request(answer.request.method, answer.request.url)
        self._judge(name, case, caller, answer)

    async def _generated(self, name: str, case: Case, caller: Actor | None) -> None:
        asked = None
        if rows := self._rows[name]:
            row = self._chance.choice(rows)
            asked = self._world.asked(row, self._chance.choice(self._world.targets(row)))
        request = sent(case, asked, self._chance)
        self._world.back()
        answer = await self._answer(request, caller)
        held = (*HELD, OF_WRONG_ONES) if request.is_wrong else HELD
        self._judge(name, case, caller, answer, held=held, body=request.content)

    async def _answer(self, request: Made, caller: Actor | None) -> httpx.Response:
        who = bearer(caller) if caller else {}
        headers = [*request.headers, *((name.encode(), value.encode()) for name, value in who.items())]
        return await self._world.http.request(
            request.method, request.url, headers=headers, content=request.content
        )

    def _judge(
        self,
        name: str,
        case: Case,
        caller: Actor | None,
        answer: httpx.Response,
        *,
        held: tuple[str, ...] = HELD,
        body: bytes = b"",
    ) -> None:
        who = caller.role.value if caller else "nobody"
        self.played.statuses[name][answer.status_code] += 1
        self.played.callers[name].add(who)
        self.played.failures += [
            f"{name} by {who}: {said}: {answer.request.url} {body[:300]!r}: "
            f"{answer.status_code} {answer.text[:300]}"
            for said in (*_found(case, answer, held), *_told(answer), *_shown(answer))
        ]


def _found(case: Case, answer: httpx.Response, held: tuple[str, ...]) -> Iterator[str]:
    """What the checks have against an answer."""
    checks = [check for each in held if not isinstance(check := CHECKS.get_one(each), type)]
    try:
        case.validate_response(answer, checks=checks)
    except FailureGroup as group:
        yield from (f"{type(each).__name__} {str(each)[:200]!r}" for each in group.exceptions)


def _shown(answer: httpx.Response) -> Iterator[str]:
    """No browser keeps an answer, misreads it, gets a cookie by it, or shows it to another origin."""
    headers = answer.headers
    if (headers.get("cache-control"), headers.get("x-content-type-options")) != ("no-store", "nosniff"):
        yield "an answer may be kept or misread"
    yield from (
        f"an answer has {name}"
        for name in headers
        if name == "set-cookie" or name.startswith("access-control-")
    )


def _told(answer: httpx.Response) -> Iterator[str]:
    """Of what is refused nothing is told."""
    if not answer.is_success:
        yield from (f"a refusal tells {mark}" for mark in MARKED if mark in answer.text)
