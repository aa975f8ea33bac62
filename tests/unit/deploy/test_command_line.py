"""``stairs`` on the command line: help, exit codes, and JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.console.app import app
from deploy.console.folders import StateFolder
from deploy.console.local import service_commands
from deploy.console.local.run_record import record_for
from deploy.console.local.service_commands import Answer, Reply
from deploy.console.ports import Ports

COMMANDS = {
    *("run", "demo", "status", "clock", "rules", "token", "secrets"),
    *("migrate", "rebuild", "republish", "backup", "restore", "dead-letters"),
}
LETTER = {"number": 4, "consumer": "appeals"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of a system that seems to run."""
    record_for(Ports(), "/nowhere").write(StateFolder.at(tmp_path))
    return tmp_path


@pytest.fixture
def services(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[Answer]]:
    """What each command of a service answers; ``failed`` in it is its exit code 1."""
    answers: dict[str, list[Answer]] = {}

    def ask(
        service: str, *words: str, on_answer: Callable[[Answer], None] = lambda _: None, **_: object
    ) -> Reply:
        found = answers[" ".join(words)]
        for answer in found:
            on_answer(answer)
        return Reply(f"{service} {words[0]}", int("failed" in words), found, ["it is not known"])

    monkeypatch.setattr(service_commands, "ask", ask)
    return answers


def lines(text: str) -> list[Answer]:
    return [json.loads(line) for line in text.splitlines()]


def test_the_help_names_every_command_and_every_exit_code() -> None:
    shown = CliRunner().invoke(app, ["--help"])
    assert shown.exit_code == 0
    for word in (*COMMANDS, "--install-completion", "0 done, 1 failed, 2 wrong usage, 78 wrong setting"):
        assert word in " ".join(shown.stdout.split())


@pytest.mark.parametrize(
    "words",
    [["fly"], ["rebuild", "billing"], ["republish", "incidents"], ["token", "king"], ["dead-letters", "fly"]],
)
def test_wrong_usage_is_exit_code_2(words: list[str]) -> None:
    assert CliRunner().invoke(app, words).exit_code == 2


@pytest.mark.parametrize("command", ["status", "demo", "dead-letters list", "republish incidents --from 1"])
def test_a_command_that_needs_a_running_system_says_how_to_start_one(tmp_path: Path, command: str) -> None:
    done = CliRunner().invoke(app, [*command.split(), "--dir", str(tmp_path)])
    assert done.exit_code == 1
    assert "no running system" in done.stderr
    assert "stairs run" in done.stderr


def test_a_token_is_printed_alone(tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["token", "auditor", "--dir", str(tmp_path)])
    assert shown.stdout.startswith("eyJ")
    assert len(shown.stdout.split()) == 1


def test_the_clock_is_readable_by_scripts(tmp_path: Path) -> None:
    shown = CliRunner().invoke(app, ["clock", "+2d", "--json", "--dir", str(tmp_path)])
    (answer,) = lines(shown.stdout)
    assert answer["ahead_seconds"] == 2 * 86400
    assert answer["clock"].endswith("+00:00")


def test_a_rebuild_is_readable_by_scripts(folder: Path, services: dict[str, list[Answer]]) -> None:
    services["rebuild"] = [{"rebuild": "cases", "done": 1, "of": 2}, {"rebuild": "cases", "done": 2, "of": 2}]
    shown = CliRunner().invoke(app, ["rebuild", "incidents", "--json", "--dir", str(folder)])
    assert lines(shown.stdout) == [{"service": "incidents", **answer} for answer in services["rebuild"]]
    bars = CliRunner().invoke(app, ["rebuild", "incidents", "--dir", str(folder)])
    assert "incidents cases" in bars.stdout
    assert "2/2" in bars.stdout


def test_republishing_says_at_the_end_what_went_where(
    folder: Path, services: dict[str, list[Answer]]
) -> None:
    done = {"published": 7, "from": 1, "to": 9, "dry_run": True}
    services["republish --from 1 --dry-run"] = [{"done": 9, "of": 9}, done]
    command = ["republish", "incidents", "--from", "1", "--dry-run", "--dir", str(folder)]
    shown = CliRunner().invoke(app, command)
    assert "7 events of the positions 1 to 9 would go to stairs.incidents.v1" in shown.stdout
    assert lines(CliRunner().invoke(app, [*command, "--json"]).stdout)[-1] == {"service": "incidents", **done}


def test_dead_letters_are_readable_by_scripts(folder: Path, services: dict[str, list[Answer]]) -> None:
    services["dead-letters list"] = services["dead-letters show 4"] = [LETTER]
    listed = CliRunner().invoke(app, ["dead-letters", "list", "appeals", "--json", "--dir", str(folder)])
    shown = CliRunner().invoke(app, ["dead-letters", "show", "appeals", "4", "--json", "--dir", str(folder)])
    assert lines(listed.stdout) == lines(shown.stdout) == [{"service": "appeals", **LETTER}]


def test_no_dead_letters_are_no_line_for_scripts(folder: Path, services: dict[str, list[Answer]]) -> None:
    services["dead-letters list"] = []
    listed = CliRunner().invoke(app, ["dead-letters", "list", "--json", "--dir", str(folder)])
    assert (listed.exit_code, listed.stdout) == (0, "")
