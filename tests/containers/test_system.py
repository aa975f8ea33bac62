"""docker-compose.yml as an administrator meets it: one story, from an empty machine to an empty machine.

The tests stand in the order of that story; each goes on where the one before ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.console.demo.mailpit import read_mailpit
from deploy.console.folders import ROOT
from deploy.console.keys.tokens import PEOPLE, make_token
from deploy.engine import api, image
from shared.kernel.actor import Role
from tests.support.eventually import eventually
from tests.support.system.compose import PREVIOUS, SIX, Stack

pytestmark = pytest.mark.timeout(1200)

WELL = dict.fromkeys(SIX, "healthy")
WITHIN = 240.0  # seconds until something that was killed is well again, on a busy machine
TRIES = {  # what nobody in a container may do, and what it answers
    "touch /app/x": "Read-only file system",
    "touch /etc/x": "Read-only file system",
    "touch /run/secrets/x": "",
    "chown 0:0 /tmp": "Operation not permitted",
    "python -c 'import os; os.setuid(0)'": "Operation not permitted",
    "python -c 'import socket; socket.socket(socket.AF_PACKET, socket.SOCK_RAW)'": "Operation not permitted",
}


@pytest.fixture(scope="module")
def cases() -> set[str]:
    """The numbers of all cases filed so far; tests add to it."""
    return set()


def listed(stack: Stack) -> set[str]:
    """The case numbers that a coordinator sees."""
    token = make_token(stack.place, PEOPLE[Role.LEA_COORDINATOR], hours=1)
    answer = httpx.get(
        f"{stack.url('incidents')}/v1/incidents",
        params={"limit": 100},
        headers={"Authorization": f"Bearer {token}"},
        timeout=30,
    )
    answer.raise_for_status()
    return {case["case_number"] for case in answer.json()["items"] if case["case_number"]}


async def listed_sometime(stack: Stack, enough: Callable[[set[str]], bool]) -> set[str]:
    """The list, once it is enough: it follows the facts, and a killed follower takes its time to be back."""

    async def look() -> set[str] | None:
        found = await asyncio.to_thread(listed, stack)
        return found if enough(found) else None

    found = await eventually(look, within=WITHIN)
    assert found is not None
    return found


def played(stack: Stack, *examples: str) -> str:
    """The demonstration, all as the manual says; what it printed."""
    done = stack.demo(*examples)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:] + stack.last_words()
    assert "carried by Apache Kafka" in done.stdout
    return done.stdout


async def all_well(stack: Stack) -> None:
    async def well() -> bool:
        found = await asyncio.to_thread(lambda: {name: stack.health(name) for name in (*SIX, "postgres")})
        assert found == WELL | {"postgres": "healthy"}
        return True

    await eventually(well, within=WITHIN)


def restarts(stack: Stack, service: str) -> tuple[int, str]:
    """How often it was brought back, and since when it runs: one of them tells of a restart."""
    told = stack.inspect(service)
    return int(told.get("RestartCount") or 0), str(told["State"]["StartedAt"])


def test_an_empty_machine_ends_with_six_healthy_processes(
    stack: Stack, built: str, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds = stack.up()
    assert {name: stack.health(name) for name in SIX} == WELL
    memory = stack.memory()
    with capsys.disabled():
        print(f"\n  {built}, from an empty machine to six healthy: {seconds:.0f} s")  # noqa: T201 - a figure
        print("  MiB: " + ", ".join(f"{name} {used}" for name, used in sorted(memory.items())))  # noqa: T201 - a figure
    assert {*SIX, "postgres", "kafka", "mailpit"} <= set(memory)


def test_the_log_of_the_last_one_says_where_everything_is_and_the_tokens_open_it(stack: Stack) -> None:
    said = stack.compose("logs", "--no-log-prefix", "welcome").splitlines()
    assert any(line.startswith("incidents") and "http://127.0.0.1:8001" in line for line in said)
    assert not any("eyJ" in line for line in said)
    token = (stack.place.tokens / f"{Role.LEA_COORDINATOR.value}.jwt").read_text()
    answer = httpx.get(
        f"{stack.url('incidents')}/v1/incidents", headers={"Authorization": f"Bearer {token}"}, timeout=30
    )
    assert answer.status_code == 200


def test_nobody_in_a_container_can_write_or_rise(stack: Stack) -> None:
    who = stack.run("incidents-api", "id", "-u").stdout.strip()
    assert who == "10001"
    for script, reason in TRIES.items():
        done = stack.run("incidents-api", "sh", "-c", script)
        assert done.returncode != 0, f"{script} worked"
        assert reason in done.stderr, done.stderr
    status = stack.run("incidents-api", "cat", "/proc/self/status").stdout
    told = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert told["NoNewPrivs"] == "1"
    assert {int(told[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")} == {0}


async def test_the_demonstration_is_played_from_outside(stack: Stack, cases: set[str]) -> None:
    played(stack)
    cases |= await listed_sometime(stack, lambda found: len(found) == 6)


def test_mailpit_has_mails_about_every_case_and_each_once(stack: Stack, cases: set[str]) -> None:
    with httpx.Client(timeout=30) as http:
        mails = read_mailpit(http, stack.url("mailpit"))
    assert cases <= {mail.case_number for mail in mails}
    assert {mail.repeats for mail in mails} == {0}


@pytest.mark.parametrize("service", ["incidents-worker", "postgres"])
async def test_the_story_goes_on_after_a_kill(service: str, stack: Stack, cases: set[str]) -> None:
    before = restarts(stack, service)
    stack.kill(service)

    async def back() -> bool:
        return await asyncio.to_thread(restarts, stack, service) != before

    await eventually(back, within=WITHIN)
    await all_well(stack)
    played(stack, "E26")
    cases |= await listed_sometime(stack, lambda found: cases < found)


async def test_every_case_is_kept_when_all_is_taken_down_and_started_again(
    stack: Stack, cases: set[str]
) -> None:
    stack.down()
    assert stack.left("containers") == []
    stack.up()
    assert await listed_sometime(stack, lambda found: found >= cases) == cases


async def test_an_upgrade_keeps_every_case(stack: Stack, previous: Path) -> None:
    """From the version before to ours by nothing but another `up`: migrations run first, the data stays."""
    stack.down("--volumes")
    stack.tree = previous
    stack.up(STAIRS_TAG=PREVIOUS)
    assert version_run(stack) != f"{image.NAME}:{image.version()}"
    played(stack, "E12")
    cases = await listed_sometime(stack, lambda found: len(found) == 1)
    stack.tree = ROOT
    stack.up()
    assert version_run(stack) == f"{image.NAME}:{image.version()}"
    assert await listed_sometime(stack, lambda found: found >= cases) == cases
    played(stack, "E12")
    await listed_sometime(stack, lambda found: cases < found)


def version_run(stack: Stack) -> str:
    """The image that the API in service was made from."""
    name: str = stack.inspect("incidents-api")["Config"]["Image"]
    return name.removeprefix("localhost/")


def test_nothing_is_left_behind(stack: Stack) -> None:
    stack.down("--volumes")
    left: dict[str, list[Any]] = {kind: stack.left(kind) for kind in ("containers", "volumes", "networks")}
    assert left == {"containers": [], "volumes": [], "networks": []}
    with suppress(OSError):
        api.delete(stack.socket, f"/images/{image.NAME}:previous?force=true")
