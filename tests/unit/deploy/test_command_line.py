"""``stairs`` on the command line: help, exit codes, and JSON for scripts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.console.app import app
from deploy.console.folders import StateFolder
from deploy.console.keys.container_secrets import make_secrets
from deploy.console.keys.epochs import KEK, add_epoch, epochs_in, mounted
from deploy.console.local import service_commands
from deploy.console.local.run_record import record_for
from deploy.console.local.service_commands import Answer, Reply
from deploy.console.ports import Ports

COMMANDS = {
    *("run", "demo", "status", "clock", "rules", "token", "secrets"),
    *("migrate", "rebuild", "republish", "backup", "restore", "dead-letters", "keys"),
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


EMPTY = {"retired": False, "in_file": True, "keys": 0}
MOVED = {"epoch": 2, "moved": 9, "keys_per_cpu_second": 300_000}


@pytest.mark.parametrize(
    ("known", "epoch"),
    [
        ([EMPTY | {"epoch": 1}], 2),
        ([EMPTY | {"epoch": 1, "keys": 9}], 2),
        ([EMPTY | {"epoch": 3, "keys": 9}], 4),
        ([EMPTY | {"epoch": 1, "in_file": False, "retired": True}, EMPTY | {"epoch": 7, "keys": 9}], 8),
        # what was begun goes on: the key was made, and no, some, or all older keys wait
        ([EMPTY | {"epoch": 1, "keys": 9}, EMPTY | {"epoch": 2}], None),
        ([EMPTY | {"epoch": 1, "keys": 4}, EMPTY | {"epoch": 2, "keys": 5}], None),
        ([EMPTY | {"epoch": 1}, EMPTY | {"epoch": 2}], None),
        (
            [
                EMPTY | {"epoch": 1},
                EMPTY | {"epoch": 2, "keys": 9},
                {**EMPTY, "epoch": None, "in_file": False},
            ],
            3,
        ),
    ],
)
def test_a_rotation_makes_one_key_and_goes_on_with_it(
    folder: Path, services: dict[str, list[Answer]], known: list[Answer], epoch: int | None
) -> None:
    state = StateFolder.at(folder)
    assert epochs_in(state) == [1]
    services["keys show"], services["keys rotate"] = known, [{"done": 9, "of": 9}, MOVED]
    shown = CliRunner().invoke(app, ["keys", "rotate", "--json", "--dir", str(folder)])
    assert (shown.exit_code, lines(shown.stdout)) == (0, services["keys rotate"])
    assert epochs_in(state) == ([1] if epoch is None else [1, epoch])
    words = CliRunner().invoke(app, ["keys", "rotate", "--dir", str(folder)])
    assert "9 students' keys are wrapped under epoch 2: 300000 in a CPU second" in words.stdout


def test_a_file_that_lost_a_key_gets_no_other_of_its_number(
    folder: Path, services: dict[str, list[Answer]]
) -> None:
    lost = {"epoch": 2, "keys": 9, "in_file": False, "retired": False}
    services["keys show"] = [EMPTY | {"epoch": 1}, lost]
    refused = CliRunner().invoke(app, ["keys", "rotate", "--dir", str(folder)])
    assert refused.exit_code == 1
    assert "the key file has no key of epoch 2, which is in use: bring it back" in refused.stderr
    assert epochs_in(StateFolder.at(folder)) == [1]


def test_a_retired_epoch_is_taken_out_of_the_file_and_may_be_retired_again(
    folder: Path, services: dict[str, list[Answer]]
) -> None:
    state = StateFolder.at(folder)
    add_epoch(state)
    services["keys retire 1"] = [{"retired": 1}]
    for _ in range(2):
        done = CliRunner().invoke(app, ["keys", "retire", "1", "--dir", str(folder)])
        assert (done.exit_code, done.stdout) == (0, "epoch 1 is retired\n")
        assert epochs_in(state) == [2]


def test_the_epochs_are_shown_in_words(folder: Path, services: dict[str, list[Answer]]) -> None:
    services["keys show"] = [
        {"epoch": 1, "keys": 0, "in_file": False, "retired": True},
        {"epoch": 2, "keys": 9, "in_file": True, "retired": False},
        {"epoch": None, "keys": 1, "in_file": False, "retired": False},
    ]
    shown = CliRunner().invoke(app, ["keys", "show", "--dir", str(folder)])
    assert shown.stdout.splitlines() == [
        "epoch 1: 0 students' keys, not in the file, retired",
        "epoch 2: 9 students' keys",
        "of no known form: 1 students' keys, not in the file",
    ]
    as_json = CliRunner().invoke(app, ["keys", "show", "--json", "--dir", str(folder)])
    assert lines(as_json.stdout) == services["keys show"]


def test_where_containers_have_the_database_only_the_files_are_changed(folder: Path) -> None:
    state = StateFolder.at(folder)
    make_secrets(state)
    added = CliRunner().invoke(app, ["keys", "rotate", "--files-only", "--json", "--dir", str(folder)])
    assert lines(added.stdout) == [{"epoch": 2}]
    assert mounted(state).read_text().splitlines()[1] in (state.keys / KEK).read_text().splitlines()
    dropped = CliRunner().invoke(app, ["keys", "retire", "1", "--files-only", "--dir", str(folder)])
    assert (dropped.exit_code, epochs_in(state)) == (0, [2])
    again = CliRunner().invoke(app, ["keys", "retire", "1", "--files-only", "--dir", str(folder)])
    assert (again.exit_code, "has an epoch 1" in again.stderr) == (1, True)
