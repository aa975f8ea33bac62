"""All operations × roles × scopes × {own, foreign, unknown, deleted}: who gets what, and who learns what.

Operations are those of ``docs/openapi``; verdicts are those of ``tests/support/authorisation/expected.py``,
which is written from the papers. A cell leaks if it answers what is to be refused, if an answer holds a word
of a place that its caller does not see, or if what is foreign and what is not there can be told apart.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace

import httpx
import pytest

from shared.kernel.actor import Actor
from tests.support.authorisation.expected import (
    DONE,
    EXPECTED,
    PROBES,
    Row,
    Target,
    operation_of,
    sees,
    verdict,
)
from tests.support.authorisation.worlds import CLASS, MARKS, PLACES, WORLDS, Asked, World
from tests.support.contracts.openapi_documents import path_of
from tests.support.http.tokens import CALTAC_AGENT, CDE_REVIEWER, EVERYBODY

SERVICES = tuple(EXPECTED)
CALLERS = (None, *EVERYBODY)
VERSIONS = ('"999"', '"abc"')
"""Never the present one: a later version, and what was no version of ours."""

NOBODYS = "5ba27a2e-3c1f-4a6e-8f0e-6d2f9c1b7e44"
KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324"
BY_CODE = {"not_found": 404, "forbidden": 403}
"""Of one of many decisions, which have a result each."""


@dataclass
class Found:
    """What the cells of a service showed."""

    cells: int = 0
    wrong: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)

    def judge(self, cell: str, answer: httpx.Response, expected: int) -> None:
        """Count a cell; a success that is to be a refusal is a leak, any other difference is wrong."""
        self.cells += 1
        status = status_of(answer)
        if status == expected:
            return
        kind = self.leaks if status == DONE and expected != 412 else self.wrong
        kind.append(f"{cell}: {status}, not {expected}: {answer.text[:160]}")

    def hear(self, cell: str, answer: httpx.Response, places: set[str]) -> set[str]:
        """The places of which the answer tells: none but these may."""
        told = {place for place in PLACES if any(word in answer.text for word in words_of(place))}
        if told - places:
            self.leaks.append(f"{cell}: tells of {sorted(told - places)}")
        return told


def words_of(place: str) -> tuple[str, ...]:
    return MARKS[place], PLACES[place][1], *CLASS[place]


def status_of(answer: httpx.Response) -> int:
    """The status; DONE for any success, and of one of many decisions its own result."""
    if not answer.is_success:
        return answer.status_code
    results = answer.json().get("results") if answer.content[:1] == b"{" else None
    code = results[0]["code"] if results else None
    return BY_CODE[code] if code else DONE


def essence(answer: httpx.Response) -> tuple[object, ...]:
    """What a caller can tell an answer by, but for what every answer has of its own."""
    if answer.headers.get("content-type") != "application/problem+json":
        return (answer.status_code,)
    problem = {name: value for name, value in answer.json().items() if name != "instance"}
    own = ("x-correlation-id", "ratelimit")  # what the caller has left of their share
    named = {name: value for name, value in answer.headers.items() if name not in own}
    return answer.status_code, json.dumps(problem), json.dumps(named)


def documented(service: str) -> Iterator[tuple[str, set[str]]]:
    """Each operation of the document, with the names of its parameters."""
    document = json.loads(path_of(service).read_text())
    for path in document["paths"].values():
        for operation in path.values():
            if isinstance(operation, dict) and "operationId" in operation:
                yield operation["operationId"], {each["name"] for each in operation.get("parameters", ())}


@pytest.fixture(params=SERVICES)
def service(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def world(service: str) -> AsyncIterator[World]:
    made = WORLDS[service]()
    await made.build()
    yield made
    await made.http.aclose()


@pytest.fixture
def tell(capsys: pytest.CaptureFixture[str], service: str) -> Iterator[Found]:
    """Prints the count, also of a run that is quiet."""
    found = Found()
    yield found
    with capsys.disabled():
        sys.stdout.write(
            f"\n{service}: {found.cells} cells, {len(found.leaks)} leaks, {len(found.wrong)} wrong\n"
        )


def named(row: str, caller: Actor | None, target: Target, more: str = "") -> str:
    who = f"{caller.role} {caller.sub}" if caller else "nobody"
    return f"{row} of {target.name} by {who}{more}"


def visible(row: Row, caller: Actor | None, targets: list[Target]) -> set[str]:
    """The places of which the caller may be told in answers of this row."""
    reach = row.may.get(caller.role) if caller else None
    if caller is None or reach is None:
        return set()
    return {target.name for target in targets if target.name in PLACES and sees(reach, caller, target)}


def test_the_matrix_is_of_all_operations(service: str) -> None:
    rows = {operation_of(name) for name in EXPECTED[service]}
    assert rows | PROBES == {operation for operation, _ in documented(service)}


async def test_every_cell_is_answered_as_the_papers_say(service: str, world: World, tell: Found) -> None:
    for name, row in EXPECTED[service].items():
        targets = world.targets(name)
        for caller in CALLERS:
            seen = visible(row, caller, targets)
            for target in targets:
                expected = verdict_of(world, name, row, caller, target)
                answer = await world.ask(world.asked(name, target), caller)
                tell.judge(named(name, caller, target), answer, expected)
                told = tell.hear(named(name, caller, target), answer, seen if expected == DONE else set())
                if name in world.of_lists and expected == DONE and told != seen:
                    tell.wrong.append(f"{named(name, caller, target)}: lists {told}, not {seen}")
    assert (tell.leaks, tell.wrong) == ([], [])


async def test_what_is_foreign_and_what_is_not_there_cannot_be_told_apart(
    service: str, world: World, tell: Found
) -> None:
    for name, row in EXPECTED[service].items():
        targets = world.targets(name)
        for caller in EVERYBODY:
            outside = [each for each in targets if verdict(row, caller, each) in (row.outside, 403)]
            hidden = [each for each in outside if not shown(row, caller, each)]
            answers = [await world.ask(world.asked(name, target), caller) for target in hidden]
            tell.cells += len(answers)
            if len({essence(answer) for answer in answers}) > 1:
                tell.leaks.append(f"{named(name, caller, hidden[0])} and {[each.name for each in hidden]}")
    assert tell.leaks == []


async def test_visibility_comes_before_the_version(service: str, world: World, tell: Found) -> None:
    conditional = {operation for operation, names in documented(service) if "If-Match" in names}
    for name, row in EXPECTED[service].items():
        if operation_of(name) not in conditional:
            continue
        for caller in CALLERS:
            for target in world.targets(name):
                expected = verdict(row, caller, target)
                for version in VERSIONS:
                    answer = await world.ask(world.asked(name, target), caller, If_Match=version)
                    cell = named(name, caller, target, f" with {version}")
                    tell.judge(cell, answer, 412 if expected == DONE else expected)
                    tell.hear(cell, answer, set())
    assert (tell.leaks, tell.wrong) == ([], [])


async def test_a_kept_answer_is_given_to_whom_it_would_be_given_now(
    service: str, world: World, tell: Found
) -> None:
    keyed = {operation for operation, names in documented(service) if "Idempotency-Key" in names}
    for name, row in EXPECTED[service].items():
        if operation_of(name) not in keyed:
            continue
        home = world.targets(name)[0]
        first_caller = next(each for each in EVERYBODY if verdict(row, each, home) == DONE)
        asked = world.asked(name, home)
        for other in EVERYBODY:
            now = replace(other, sub=first_caller.sub)  # the same person, with another role or place
            first = await world.ask(asked, first_caller, Idempotency_Key=KEY)
            again = await world.ask_on(asked, now, Idempotency_Key=KEY)
            expected = verdict(row, now, home)
            cell = named(name, now, home, f" after {first_caller.role}")
            tell.judge(cell, again, expected)
            if expected == DONE:
                same = (again.content, again.headers.get("idempotency-replayed")) == (first.content, "true")
                tell.wrong += [] if same else [f"{cell}: not the first answer"]
            else:
                tell.hear(cell, again, set())
    assert (tell.leaks, tell.wrong) == ([], [])


async def test_probes_need_no_token(service: str, world: World, tell: Found) -> None:
    for path in ("/healthz", "/readyz", "/metrics"):
        for caller in CALLERS:
            tell.judge(f"{path} by {caller}", await world.ask(Asked("GET", path), caller), DONE)
    assert (service, tell.leaks, tell.wrong) == (service, [], [])


def listed(world: World, name: str, **query: str) -> Asked:
    """The request of a list, with a query or a body that asks for more."""
    asked = world.asked(name, world.targets(name)[0])
    if asked.json is not None:
        return replace(
            asked, json={key: int(value) if key == "limit" else value for key, value in query.items()}
        )
    return replace(asked, params=query)


HAND_MADE = (
    ["0001-01-01T00:00:00+14:00", NOBODYS],
    ["9999-12-31T23:59:59-14:00", NOBODYS],
    ["2019-04-12T17:00:00+00:00", NOBODYS],
    ["newest", -(2**63), NOBODYS],
    ["due", 2**63 - 1, NOBODYS],
)


async def test_no_list_takes_a_cursor_that_was_made_by_hand(service: str, world: World, tell: Found) -> None:
    taken = {operation for operation, names in documented(service) if "cursor" in names} | {"searchCases"}
    lists = taken & set(EXPECTED[service])
    assert lists == world.of_lists
    for name in lists:
        for key in HAND_MADE:
            cursor = base64.urlsafe_b64encode(json.dumps(key).encode()).rstrip(b"=").decode()
            answer = await world.ask(listed(world, name, cursor=cursor), CDE_REVIEWER)
            tell.judge(f"{name} from {key}", answer, 422)
            assert answer.json()["code"] == "bad_cursor"
    assert tell.wrong == []


async def test_a_cursor_belongs_to_its_list_and_its_caller(world: World, tell: Found) -> None:
    answers = {name: await world.ask(listed(world, name, limit="1"), CDE_REVIEWER) for name in world.of_lists}
    cursors = {name: answer.json()["next_cursor"] for name, answer in answers.items()}
    assert all(cursors.values())
    for name, cursor in cursors.items():
        for other in world.of_lists:
            asked = listed(world, other, limit="1", cursor=cursor)
            same = name == other or {name, other} == {"listCases", "searchCases"}
            tell.judge(
                f"{other} from one of {name}", await world.ask(asked, CDE_REVIEWER), DONE if same else 422
            )
            tell.judge(f"{other} from another's of {name}", await world.ask(asked, CALTAC_AGENT), 422)
    assert (tell.leaks, tell.wrong) == ([], [])


def verdict_of(world: World, name: str, row: Row, caller: Actor | None, target: Target) -> int:
    """A list is answered to whoever may ask for it; what is in it is heard."""
    if name in world.of_lists:
        return verdict(row, caller, target) if caller is None or caller.role not in row.may else DONE
    return verdict(row, caller, target)


def shown(row: Row, caller: Actor, target: Target) -> bool:
    """Whether the caller knows that the target is there, because it is in their scope."""
    reach = row.may.get(caller.role)
    return reach is not None and target.is_there and sees(reach, caller, target)
