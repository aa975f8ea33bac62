"""The sandbox's clock is moved by words."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.console.app import app
from deploy.console.errors import CommandError
from deploy.console.folders import StateFolder
from deploy.console.local.sandbox_clock import move, offset, seconds_of


@pytest.mark.parametrize(
    ("words", "seconds"),
    [("+2d", 172800), ("1d12h", 129600), ("-90m", -5400), ("30s", 30), ("+0s", 0)],
)
def test_a_span_is_said_in_days_hours_minutes_seconds(words: str, seconds: int) -> None:
    assert seconds_of(words) == seconds


@pytest.mark.parametrize("words", ["", "+", "tomorrow", "2", "2d later", "--1d", "1.5h"])
def test_what_is_no_span_is_refused(words: str) -> None:
    with pytest.raises(CommandError, match="not a time span"):
        seconds_of(words)


def test_spans_add_up_until_the_clock_is_reset(tmp_path: Path) -> None:
    place = StateFolder.at(tmp_path)
    move(place, "+2d")
    move(place, "-1h")
    assert offset(place) == 2 * 86400 - 3600
    move(place, "reset")
    assert offset(place) == 0


def test_a_span_that_goes_back_is_a_span_and_no_option(tmp_path: Path) -> None:
    moved = CliRunner().invoke(app, ["clock", "-90m", "--dir", str(tmp_path)])
    assert moved.exit_code == 0
    assert offset(StateFolder.at(tmp_path)) == -5400
