"""What ``stairs demo`` shows at its end fits the terminal."""

from __future__ import annotations

import io
import re
from collections import Counter

import pytest
from rich.console import Console

from deploy.console.demo import STORIES
from deploy.console.demo.player import StoryOutcome
from deploy.console.demo.report import show
from deploy.console.demo.story import stories

WORDS = "Students cheated: unusual, and it may affect performance, security or validity; contained locally"


@pytest.fixture
def outcomes() -> list[StoryOutcome]:
    """Each story as it might have come out."""
    return [
        StoryOutcome(
            story,
            case={
                "case_number": "2018-19-000007",
                "status": "processed",
                "severity": "irregularity",
                "severity_reason": {"text": WORDS, "rulebook": "2018-19", "source": "S 32; M p34"},
                "recommended_action": "continue_to_submit_appeal",
                "report_due_at": "2026-11-22T02:38:00Z",
            },
            appeals={"a": {"appeal_type": "invalidate", "status": "processed", "decider": "cde"}},
            mails=Counter({("appeal_review_requested", ("caaspp@cde.example",)): 2}),
        )
        for story in stories(STORIES, [])
    ]


def shown(outcomes: list[StoryOutcome], width: int) -> list[str]:
    paper = io.StringIO()
    show(outcomes, Console(file=paper, width=width))
    return paper.getvalue().splitlines()


@pytest.mark.parametrize("width", [60, 80, 119])
def test_a_narrow_terminal_gets_a_block_for_each_case_with_whole_words(
    outcomes: list[StoryOutcome], width: int
) -> None:
    lines = shown(outcomes, width)
    assert max(map(len, lines)) <= width
    words = re.findall(r"\w+", " ".join(lines))
    for word in ("irregularity", "validity", "performance", "continue", "caaspp", "review"):
        assert words.count(word) >= len(outcomes)
    assert not any("│" in line for line in lines)


def test_a_block_fits_one_screen(outcomes: list[StoryOutcome]) -> None:
    assert len(shown(outcomes[:1], 80)) < 20


def test_a_wide_terminal_gets_a_table(outcomes: list[StoryOutcome]) -> None:
    lines = shown(outcomes, 130)
    assert sum(line.startswith("├") for line in lines) == len(outcomes) - 1
    assert max(map(len, lines)) <= 130


def test_what_was_missing_is_said(outcomes: list[StoryOutcome]) -> None:
    outcomes[0].missing.append("mail missing")
    assert any(line.endswith("mail missing") for line in shown(outcomes[:1], 80))
