"""``stairs dead-letters`` says what a service answers, in a person's words."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from deploy.console.errors import CommandError
from deploy.console.folders import StateFolder
from deploy.console.local import service_commands
from deploy.console.local.run_record import RunRecord
from deploy.console.local.service_commands import Reply
from deploy.console.verbs.dead_letter_tables import DeadLetterTables, row, span

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
LETTER = {
    "number": 4,
    "consumer": "appeals",
    "place": "stairs.incidents.v1:2:17",
    "type": "stairs.incident.submitted.v1",
    "reason": "KeyError: 'x'",
    "attempts": 5,
    "parked_at": (NOW - timedelta(hours=3)).isoformat(),
}


class Desk:
    """Letters whose services answer what the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: dict[str, Any], code: int = 0) -> None:
        self.asked: list[tuple[str, ...]] = []
        self._reply = Reply("dead-letters", code, list(answers), ["2026-11-21 a log line"])
        monkeypatch.setattr(service_commands, "ask", self._ask)
        self._paper = io.StringIO()
        notes = RunRecord({}, {}, None, "", separate_relays=False, pid=1)
        self.letters = DeadLetterTables(StateFolder(Path()), notes, Console(file=self._paper, width=140))

    def _ask(self, *words: str, state: StateFolder, record: RunRecord) -> Reply:  # noqa: ARG002
        self.asked.append(words)
        return self._reply

    @property
    def said(self) -> str:
        return self._paper.getvalue()


def test_what_waits_is_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, LETTER)
    desk.letters.show_all(["appeals"], NOW)
    assert desk.asked == [("appeals", "dead-letters", "list")]
    for word in ("appeals", "stairs.incidents.v1:2:17", "KeyError: 'x'", "5", "3 h"):
        assert word in desk.said


def test_nothing_that_waits_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch)
    desk.letters.show_all(["incidents", "appeals"], NOW)
    assert desk.said == "No dead letters: every message was handled, replayed or discarded.\n"


def test_a_replay_that_failed_is_said_and_is_no_success(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = {"number": 4, "outcome": "failed", "reason": "KafkaTimeoutError"}
    desk = Desk(monkeypatch, answer, code=1)
    assert not desk.letters.replay("appeals", [4])
    assert desk.said == "appeals 4 failed: KafkaTimeoutError\n"


def test_a_replay_of_nothing_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch)
    assert desk.letters.replay("appeals", [])
    assert desk.said == "No dead letters in appeals: nothing to replay.\n"


def test_a_service_that_refuses_is_a_trouble(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(monkeypatch, code=1)
    with pytest.raises(CommandError, match="a log line"):
        desk.letters.discard("appeals", 4, "why")


@pytest.mark.parametrize(("by", "told"), [(None, ()), ("Ada", ("--by", "Ada"))])
def test_who_discards_is_asked_of_the_machine_unless_it_is_said(
    monkeypatch: pytest.MonkeyPatch, by: str | None, told: tuple[str, ...]
) -> None:
    desk = Desk(monkeypatch, {"number": 4, "outcome": "discarded", "reason": "why", "by": "ada"})
    desk.letters.discard("appeals", 4, "why", by)
    assert desk.asked == [("appeals", "dead-letters", "discard", "4", "why", *told)]
    assert desk.said == "appeals 4 discarded by ada: why\n"


@pytest.mark.parametrize(("by", "shown"), [("ada", "ada"), (None, "?")])
def test_what_was_given_up_is_a_table(monkeypatch: pytest.MonkeyPatch, by: str | None, shown: str) -> None:
    letter = {**LETTER, "discarded_at": NOW.isoformat(), "discarded_by": by, "discard_reason": "in error"}
    desk = Desk(monkeypatch, letter)
    desk.letters.show_discarded(["appeals"])
    assert desk.asked == [("appeals", "dead-letters", "list", "discarded")]
    for word in ("2026-11-21T12:00", f" {shown} ", "in error"):
        assert word in desk.said


@pytest.mark.parametrize(
    ("seconds", "words"), [(-1, "0 s"), (59, "59 s"), (60, "1 min"), (7200, "2 h"), (200_000, "2 d")]
)
def test_an_age_is_told_in_its_greatest_unit(seconds: int, words: str) -> None:
    assert span(seconds) == words


def test_a_letter_of_no_known_type_has_a_question_mark() -> None:
    assert row({**LETTER, "type": None}, NOW)[3] == "?"
