"""What ``stairs run`` shows when it is ready fits one screen, and says what to do next."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from deploy.console.folders import StateFolder
from deploy.console.local.run_record import record_for
from deploy.console.local.run_screen import StepLines, announce, next_commands
from deploy.console.local.system import LocalSystem
from deploy.console.ports import Ports


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StateFolder:
    monkeypatch.chdir(tmp_path)
    return StateFolder.at(Path("var"))


def shown(state: StateFolder, *, kafka: bool) -> list[str]:
    paper = io.StringIO()
    record = record_for(Ports(), "/nowhere", kafka=kafka)
    tokens = {"auditor": "eyJ" + 400 * "x"}
    announce(state, LocalSystem(record, ["mailbox"], tokens, lambda: None), Console(file=paper, width=80))
    return paper.getvalue().splitlines()


@pytest.mark.parametrize("kafka", [False, True])
def test_the_last_screen_of_a_start_fits_80_by_24(state: StateFolder, *, kafka: bool) -> None:
    lines = shown(state, kafka=kafka)
    assert len(lines) < 24
    assert max(map(len, lines)) <= 80
    assert not any("eyJ" in line for line in lines)


def test_it_names_every_address_and_folder(state: StateFolder) -> None:
    text = "\n".join(shown(state, kafka=True))
    for words in (
        "http://127.0.0.1:8001/docs",
        "http://127.0.0.1:8003/docs",
        "smtp://127.0.0.1:1025",
        "127.0.0.1:19092",
        "var/mail",
        "var/log",
        "var/run/tokens/ROLE.jwt",
    ):
        assert words in text


def test_the_next_commands_are_those_of_this_folder(
    state: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", [str(tmp_path / ".venv/bin/stairs"), "run"])
    assert next_commands(state) == ("make demo", ".venv/bin/stairs token lea_coordinator")
    other = StateFolder.at(tmp_path / "other")
    assert next_commands(other) == (
        "make demo VAR=other",
        ".venv/bin/stairs token lea_coordinator --dir other",
    )


def test_each_step_is_a_line_also_where_there_is_no_terminal() -> None:
    paper = io.StringIO()
    steps = StepLines(Console(file=paper, width=80))
    steps.begin("PostgreSQL 18")
    steps.begin("migrations")
    assert paper.getvalue() == "  · PostgreSQL 18\n  · migrations\n"
    steps.end()


def test_a_terminal_sees_the_seconds_of_each_step() -> None:
    paper = io.StringIO()
    steps = StepLines(Console(file=paper, width=80, force_terminal=True))
    steps.begin("PostgreSQL 18")
    steps.begin("migrations")
    steps.end()
    last = paper.getvalue().rsplit("PostgreSQL 18", 1)[1]
    assert "migrations" in last
    assert "0:00:00" in last
