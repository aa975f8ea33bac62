"""docs/operations.md, on one machine: every command is run, in the order of the page, on one system."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from deploy.console.folders import ROOT
from tests.support.contracts.readme import commands_in
from tests.support.system.listing import ssids
from tests.support.system.system import CONSOLE, STOP, RunningSystem, free_offset, short_folder, started

pytestmark = pytest.mark.timeout(1800)

PAGE = ROOT / "docs/operations.md"
COMMANDS = commands_in(PAGE, under="On one machine")
STARTS = "make run"
STOPS = 'kill "$(cat var/run/lock)"'
WHILE_IT_RUNS = (
    "curl",
    ".venv/bin/stairs status",
    ".venv/bin/stairs rebuild",
    ".venv/bin/stairs backup",
    ".venv/bin/stairs dead-letters",
    ".venv/bin/stairs keys",
    "cat var/audit",
)
RUN_ELSEWHERE = {
    "make install": "tests.e2e.test_a_new_clone",  # by its `make run`, in a tree that has none of it
    ".venv/bin/stairs dead-letters show appeals 1": "tests.e2e.test_dead_letters",  # there is one, there
    '.venv/bin/stairs dead-letters discard appeals 1 --reason "in error"': "tests.e2e.test_dead_letters",
    ".venv/bin/stairs republish incidents --from 1": "tests.e2e.test_dead_letters",  # on Kafka
    # on a server of one's own
    "psql --dbname postgres --file deploy/postgres/roles.sql": "tests.integration.deploy.test_roles",
    "INCIDENTS_OWNER_DATABASE_URL=postgresql://incidents_owner:…@db/incidents "
    "python -m services.incidents migrate": ("tests.integration.shared.test_wall"),
    "python -m services.incidents api": "tests.integration.incidents.test_behind_the_wall",
}


@dataclass
class Walk:
    """Somebody who types what the page says."""

    folder: Path
    offset: int
    stack: ExitStack
    system: RunningSystem | None = None
    done: list[str] = field(default_factory=list)

    @property
    def var(self) -> Path:
        return self.folder / "var"

    def take(self, command: str) -> None:
        """One line of the page, from the state that it speaks of."""
        if command == STARTS:
            self.start()
        elif command == STOPS:
            self.stop(self.start())
        elif command not in RUN_ELSEWHERE:
            if command.startswith(WHILE_IT_RUNS):
                self.start()
            elif self.system is not None:
                self.stop(self.system)
            self.run(command)
        self.done.append(command)

    def start(self) -> RunningSystem:
        if self.system is None:
            self.system = self.stack.enter_context(started(self.var, offset=self.offset))
        return self.system

    def stop(self, system: RunningSystem) -> None:
        self.run(STOPS)
        assert system.process.wait(STOP) == 0
        self.system = None

    def run(self, command: str) -> None:
        words = ["sh", "-c", self.here(command)]
        done = subprocess.run(
            words, cwd=self.folder, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"

    def here(self, command: str) -> str:
        """The command in our folder and on our ports."""
        console = f"PYTHONPATH={ROOT} STAIRS_DIR={self.var} {' '.join(CONSOLE)}"
        command = command.replace(".venv/bin/stairs", console)
        return re.sub(r"127\.0\.0\.1:(\d+)", lambda port: f"127.0.0.1:{int(port[1]) + self.offset}", command)


@pytest.fixture
def walk() -> Iterator[Walk]:
    with short_folder() as folder, ExitStack() as stack:
        yield Walk(folder, free_offset(), stack)


def test_a_case_outlives_everything_that_the_page_does(walk: Walk) -> None:
    system = walk.start()
    played = system.stairs("demo", "E26", within=300)
    assert played.returncode == 0, played.stdout + played.stderr
    students = ssids(system)
    assert any(students.values())
    keys = {path.name: path.read_text() for path in (walk.var / "keys").iterdir()}
    for command in COMMANDS:
        walk.take(command)
    assert ssids(walk.start()) == students
    changed = {path.name for path in (walk.var / "keys").iterdir() if path.read_text() != keys[path.name]}
    assert changed == {"incidents.kek", "appeals.database", "appeals.api", "signing-key.json", "jwks.json"}


@pytest.mark.parametrize("module", sorted(set(RUN_ELSEWHERE.values())))
def test_what_is_run_elsewhere_stands_on_the_page_and_the_test_that_runs_it_exists(module: str) -> None:
    assert set(RUN_ELSEWHERE) <= set(COMMANDS)
    assert importlib.util.find_spec(module) is not None


def test_every_command_of_the_page_belongs_to_a_test() -> None:
    both = COMMANDS + commands_in(PAGE, under="In containers")
    assert sorted(both) == sorted(commands_in(PAGE))


def test_what_the_page_links_is_there() -> None:
    linked = re.findall(r"\]\(((?!http)[^)#]+)\)", PAGE.read_text("utf-8"))
    assert [page for page in linked if not (PAGE.parent / page).exists()] == []
