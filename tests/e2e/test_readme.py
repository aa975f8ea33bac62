"""Every command in the README is run: here, or by the test that is named here."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess

import pytest

from deploy.console.folders import ROOT
from tests.support.contracts.readme import commands_in
from tests.support.system.system import CONSOLE, RunningSystem

pytestmark = pytest.mark.timeout(300)

SECRETS_BY_THE_IMAGE = (
    'docker run --rm --user "$(id -u):$(id -g)" -v "$PWD:/here" -w /here stairs:0.1.0 secrets'
)
RUN_ELSEWHERE = {
    "make run": "tests.e2e.test_a_new_clone",
    "make demo": "tests.e2e.test_a_new_clone",
    "make run KAFKA=1": "tests.e2e.test_the_story",
    "make test": "tests.e2e.test_readme",  # this very run is part of it
    "make everything": "tests.e2e.test_readme",
    "make check": "tests.e2e.test_readme",
    "make bench": "tests.load.__main__",  # measured by hand, never as a test (ADR 0008)
    "make secrets": "tests.containers.test_operations",
    "make containers-infra": "tests.e2e.test_on_given_servers",
    "make chaos CYCLES=2000": "tests.faults.test_chaos",
    "docker build -t stairs:0.1.0 -f deploy/Dockerfile .": "tests.containers.test_image",
    SECRETS_BY_THE_IMAGE: "tests.containers.test_image",
    "docker compose build": "tests.contract.architecture.test_compose",
    "docker compose up -d": "tests.containers.test_system",
    "docker compose logs welcome": "tests.containers.test_system",
    "make demo CONTAINERS=1": "tests.containers.test_system",
    "make engine": "tests.containers.test_system",
    "make image": "tests.containers.test_image",
    ".venv/bin/python -m deploy.engine compose up -d --no-build": "tests.containers.test_system",
}
COMMANDS = commands_in(ROOT / "README.md")
RUN_HERE = [command for command in COMMANDS if command not in RUN_ELSEWHERE]
MAKE = shutil.which("make")


def test_what_is_run_elsewhere_is_still_in_the_readme() -> None:
    assert set(RUN_ELSEWHERE) <= set(COMMANDS)


@pytest.mark.parametrize("module", sorted(set(RUN_ELSEWHERE.values())))
def test_the_test_that_runs_it_exists(module: str) -> None:
    assert importlib.util.find_spec(module) is not None


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("make")])
def test_make_knows_the_target(command: str) -> None:
    assert MAKE, "make is one of the two things that a machine must have"
    dry = subprocess.run(
        [*command.split(), "--dry-run"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert dry.returncode == 0, dry.stderr


@pytest.mark.parametrize("command", RUN_HERE)
def test_a_command_of_the_readme_works(command: str, system: RunningSystem) -> None:
    words = ["sh", "-c", for_this_system(command, system)]
    there = os.environ | {"STAIRS_DIR": str(system.place.var)}
    done = subprocess.run(
        words, cwd=ROOT, env=there, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert not is_a_problem(done.stdout), done.stdout


def for_this_system(command: str, system: RunningSystem) -> str:
    """The command, its addresses and folders being those of the system under test."""
    command = command.replace(".venv/bin/stairs", " ".join(CONSOLE))
    command = command.replace("var/run", str(system.place.run))
    for service, port in (("incidents", 8001), ("appeals", 8002), ("notifications", 8003)):
        command = command.replace(f"http://127.0.0.1:{port}", system.notes.urls[service])
    return command


def is_a_problem(text: str) -> bool:
    """Whether a service refused: curl itself does not mind."""
    return text.startswith("{") and "items" not in json.loads(text)


def test_every_linked_page_exists() -> None:
    linked = re.findall(r"\]\(((?!http)[^)#]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert [page for page in linked if not (ROOT / page).exists()] == []


def test_every_page_of_the_tree_is_reached() -> None:
    linked = (ROOT / "README.md").read_text("utf-8")
    pages = [path.name for path in (ROOT / "docs").glob("*.md")]
    assert [page for page in pages if f"docs/{page}" not in linked] == []
