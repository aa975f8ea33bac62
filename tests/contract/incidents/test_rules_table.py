"""``stairs rules YEAR``: the catalog as a coordinator reads it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from services.incidents.__main__ import print_rules
from services.incidents.rulebooks.library import Library
from services.incidents.rulebooks.table import show_catalog
from services.incidents.rulebooks.when import read_condition
from services.incidents.rulebooks.words import in_words

LIBRARY = Library.from_folder()


def shown(year: str) -> str:
    paper = io.StringIO()
    show_catalog(LIBRARY, year, Console(file=paper, width=400))
    return paper.getvalue()


@pytest.mark.parametrize("year", LIBRARY.years())
def test_every_code_of_the_year_is_in_the_table(year: str) -> None:
    text = shown(year)
    assert [code for code in LIBRARY.for_year(year).incident_types if code not in text] == []


def test_a_row_says_severity_call_appeals_action_copy_and_source() -> None:
    row = next(line for line in shown("2018-19").splitlines() if "exposed secure material on social" in line)
    for words in ("28", "breach", "call caltac", "invalidate", "continue to submit appeal", "yes", "S 36"):
        assert words in row


def test_what_is_not_submitted_says_what_to_do_instead() -> None:
    text = shown("2018-19")
    assert "not reported" in text
    assert "CalTAC files it" in text
    assert "Logon tickets were lost: Handle it locally." in text


def test_an_entry_that_is_taken_over_names_its_year() -> None:
    assert "stated, as in 2018-19" in shown("2015-16")
    assert "as in" not in shown("2018-19")


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({"details.minutes_paused": {"above": 20}}, "minutes paused: more than 20"),
        ({"appeals": {"at_least": 1}}, "an appeal applies"),
        ({"not": {"details.test_expired": False}}, "test expired is not said to be untrue"),
        ({"not": {"details.can_finish_in_time": True}}, "can finish in time is not said to be so"),
        ({"details.language_resource": True}, "language resource is so"),
        (
            {"test_kind": ["cat", "cast"], "details.cause": {"known": True}},
            "test kind is cat or cast, and cause is known",
        ),
        ({"any": [{"test": "csa"}, {"not": {"grade": "03"}}]}, "(test is csa, or not grade is 03)"),
    ],
)
def test_conditions_are_said_in_words(when: object, words: str) -> None:
    assert in_words(read_condition(when)) == words


def test_the_verb_needs_no_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_rules() == 0
    assert "student_cheating" in capsys.readouterr().out


def test_the_verb_names_the_years_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert print_rules("1999-00") == 1
    assert "say one of 2015-16, 2018-19, 2020-21" in capsys.readouterr().err
