"""docs/operations.md, in containers: every command is run, in the order of the page, on one project."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.console.demo.mailpit import read_mailpit
from deploy.console.folders import ROOT, StateFolder
from deploy.console.keys.container_secrets import make_secrets
from deploy.console.keys.tokens import PEOPLE, make_token
from deploy.engine.reach import Engine
from shared.kernel.actor import Role
from tests.support.contracts.readme import commands_in
from tests.support.system.compose import SIX, UP, Stack, free_offset

pytestmark = pytest.mark.timeout(1800)

COMMANDS = commands_in(ROOT / "docs/operations.md", under="In containers")
BUILDS = "docker compose build"  # what the fixture `built` did, where there is no BuildKit too
COMPOSE = "docker compose"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where the commands are typed; it has a var/ with the secrets."""
    with tempfile.TemporaryDirectory(prefix="stairs-", dir="/tmp") as folder:
        make_secrets(StateFolder.at(Path(folder) / "var"))
        yield Path(folder)


@pytest.fixture
def project(engine: Engine, built: str, folder: Path) -> Iterator[Stack]:
    """A project of its own, not started; removed with its volumes."""
    stack = Stack(engine, StateFolder.at(folder / "var"), f"stairs-operations-{os.getpid()}", free_offset())
    yield stack
    stack.compose("down", "--volumes", "--timeout", "5", check=False)


def typed(command: str, project: Stack, folder: Path) -> str:
    """What it says; run as it stands, on our project and in our folder."""
    words = f"{shlex.join(project.command())} "
    console = f"{ROOT}/.venv/bin/stairs"
    here = command.replace(".venv/bin/stairs", console).replace("make secrets", f"{console} secrets")
    here = here.replace(f"{COMPOSE} ", words)
    here = here.replace(" up -d", " up -d --no-build --pull never")
    done = subprocess.run(
        ["sh", "-c", here],
        cwd=folder,
        env=project.environment() | {"STAIRS_DIR": str(folder / "var")},
        capture_output=True,
        text=True,
        timeout=UP,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


def play(project: Stack) -> None:
    """A case from filing to the mail."""
    played = project.demo("E26")
    assert played.returncode == 0, played.stdout[-4000:] + played.stderr[-2000:] + project.last_words()


def ssids(project: Stack) -> dict[str, list[str]]:
    """The students' numbers of every case."""
    token = make_token(project.place, PEOPLE[Role.LEA_COORDINATOR], hours=1)
    headers = {"Authorization": f"Bearer {token}"}
    with httpx.Client(base_url=project.url("incidents"), headers=headers, timeout=30) as http:
        cases = http.get("/v1/incidents", params={"limit": 100}).raise_for_status().json()["items"]
        pages = {
            case["case_number"]: http.get(f"/v1/incidents/{case['id']}/students").raise_for_status().json()
            for case in cases
        }
    return {number: [student["ssid"] for student in page["students"]] for number, page in pages.items()}


def mails(project: Stack) -> list[str]:
    with httpx.Client(timeout=30) as http:
        return [mail.message_id for mail in read_mailpit(http, project.url("mailpit"))]


def test_every_case_outlives_what_the_page_does(project: Stack, folder: Path) -> None:
    before: dict[str, list[str]] = {}
    for command in COMMANDS:
        if command == BUILDS:
            continue
        if command == "mkdir -m 700 backup":
            project.up()  # the section before took it down
            play(project)
            before = ssids(project)
        said = typed(command, project, folder)
        if command == "docker compose ps":
            assert [name for name in SIX if f" {name} " not in said] == []
    assert before
    assert ssids(project) == before
    earlier = mails(project)  # Mailpit's own are gone with it: none is sent again
    assert earlier == []
    play(project)
    assert set(before) < set(ssids(project))
