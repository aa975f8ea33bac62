"""What a service's command line takes, refuses and answers; no process and no database is needed for it."""

from __future__ import annotations

import io

import pytest
import typer
from typer.testing import CliRunner

from services.appeals.bootstrap import APPEALS
from services.incidents.__main__ import app as incidents
from shared.chassis.command_line import EXIT_CODES, command_line
from shared.chassis.dead_letters import in_words
from shared.persistence.faults import StoreUnavailable
from shared.process.verbs import done, group, run

APP = command_line(APPEALS)
COMMON = {"api", "worker", "relay", "migrate", "rebuild", "republish", "dead-letters"}

sample = group("A sample.")


@sample.command()
def succeed() -> None:
    """Do it."""


@sample.command()
def end(code: int) -> None:
    """End with this code."""
    done(code)


@sample.command()
def fail() -> None:
    """Meet a bug."""
    int("no number, but 8472615039")


@sample.command()
def wait() -> None:
    """Meet a database that is away."""
    raise StoreUnavailable("the database is away")


def ended(app: typer.Typer, *words: str, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr("sys.argv", ["sample", *words])
    with pytest.raises(SystemExit) as end:
        run(app)
    return int(end.value.code or 0)


@pytest.mark.parametrize(("words", "code"), [(["succeed"], 0), (["end", "3"], 3), (["end", "0"], 0)])
def test_a_verb_ends_with_its_own_exit_code(
    words: list[str], code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ended(sample, *words, monkeypatch=monkeypatch) == code


def test_a_verb_with_a_bug_ends_in_the_log_without_secrets(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ended(sample, "fail", monkeypatch=monkeypatch) == 1
    assert '"event":"process_failed"' in log.getvalue()
    assert "ValueError" in log.getvalue()
    assert "8472615039" not in log.getvalue()


def test_a_database_that_is_away_is_said_without_a_traceback(
    log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ended(sample, "wait", monkeypatch=monkeypatch) == 1
    assert "process_failed: the database is away" in log.getvalue()
    assert "Traceback" not in log.getvalue()


@pytest.mark.parametrize("words", [(), ("fly",), ("succeed", "now"), ("",)])
def test_what_is_not_understood_is_wrong_usage(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(sample, *words, monkeypatch=monkeypatch) == 2
    assert "Usage:" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ("republish",),
        ("republish", "--from", "0"),
        ("republish", "--from", "x"),
        ("republish", "--from", "1", "--until", "2"),
        ("dead-letters",),
        ("dead-letters", "lst"),
        ("dead-letters", "list", "all"),
        ("dead-letters", "show"),
        ("dead-letters", "show", "x"),
        ("dead-letters", "replay", "x"),
        ("dead-letters", "discard", "1", " "),
        ("dead-letters", "discard", "1", "why", "--by", " "),
        ("rebuild", "case_list"),
    ],
)
def test_wrong_words_are_refused_before_any_setting_is_read(words: tuple[str, ...]) -> None:
    assert CliRunner().invoke(APP, words).exit_code == 2


def test_help_names_every_verb_and_every_exit_code() -> None:
    said = CliRunner().invoke(APP, ["--help"])
    assert said.exit_code == 0
    assert {verb for verb in COMMON if f"  {verb} " in said.output} == COMMON
    assert EXIT_CODES in " ".join(said.output.split())


def test_a_service_has_the_common_verbs_and_its_own() -> None:
    said = CliRunner().invoke(incidents, ["--help"]).output
    assert {verb for verb in COMMON | {"rules", "forget-mail"} if f"  {verb} " in said} == COMMON | {
        "rules",
        "forget-mail",
    }


LETTER = {
    "number": 7,
    "consumer": "appeals",
    "place": "stairs.incidents.v1:0:12",
    "type": None,
    "reason": "KeyError",
    "attempts": 5,
    "parked_at": "2019-04-12T19:00:00Z",
}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (
            LETTER,
            "7 appeals stairs.incidents.v1:0:12 ?: KeyError (5 attempts, put aside 2019-04-12T19:00:00Z)",
        ),
        (
            {**LETTER, "discarded_at": "2019-04-13", "discarded_by": "Olive", "discard_reason": "a test"},
            "7 appeals stairs.incidents.v1:0:12 ?: KeyError; discarded 2019-04-13 by Olive: a test",
        ),
        ({"number": 7, "outcome": "replayed", "reason": None}, "7 replayed"),
        ({"number": 7, "outcome": "failed", "reason": "KeyError"}, "7 failed: KeyError"),
        (
            {"number": 7, "outcome": "discarded", "reason": "a test", "by": "Olive"},
            "7 discarded by Olive: a test",
        ),
    ],
)
def test_letters_and_outcomes_are_lines_for_people(told: dict[str, object], words: str) -> None:
    assert in_words(told) == words
