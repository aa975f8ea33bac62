from __future__ import annotations

import io

import pytest

from shared.process.doorway import Verb, run

done: list[tuple[str, ...]] = []


def api() -> None:
    """Serve the REST API.

    And more.
    """
    done.append(("api",))


def rebuild(projection: str = "all") -> int:
    """Rebuild read models."""
    done.append(("rebuild", projection))
    return 3


def migrate() -> None:
    """Migrate."""
    int("no number, but 8472615039")


VERBS: dict[str, Verb] = {"api": api, "rebuild": rebuild, "migrate": migrate}
USAGE = """usage: python -m services.sample VERB

  api      Serve the REST API.
  rebuild  Rebuild read models.
  migrate  Migrate.
"""


@pytest.fixture(autouse=True)
def nothing_done() -> None:
    done.clear()


def enter(*words: str) -> int:
    return run(VERBS, words, program="services.sample")


def test_a_verb_is_done() -> None:
    assert (enter("api"), done) == (0, [("api",)])


def test_words_after_the_verb_are_its_arguments() -> None:
    assert (enter("rebuild", "case_list"), done) == (3, [("rebuild", "case_list")])


def test_a_verb_that_fails_ends_in_the_log_without_secrets(log: io.StringIO) -> None:
    assert enter("migrate") == 1
    assert '"event":"process_failed"' in log.getvalue()
    assert "ValueError" in log.getvalue()
    assert "8472615039" not in log.getvalue()


@pytest.mark.parametrize("words", [(), ("fly",), ("api", "now"), ("rebuild", "a", "b"), ("",)])
def test_what_is_not_understood_is_answered_with_the_usage(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    assert (enter(*words), done) == (2, [])
    assert capsys.readouterr().err == USAGE


@pytest.mark.parametrize("word", ["-h", "--help", "help"])
def test_help_is_no_mistake(capsys: pytest.CaptureFixture[str], word: str) -> None:
    assert enter(word) == 0
    assert capsys.readouterr().out == USAGE
