"""The sandbox's tokens live for hours, are files, and are made anew while the system runs."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.console.app import app
from deploy.console.folders import StateFolder
from deploy.console.keys.tokens import renew_tokens, write_tokens
from shared.http.signing_key import HOURS
from shared.kernel.actor import Role


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    return StateFolder.at(tmp_path)


def test_tokens_at_half_of_their_life_are_made_anew_and_younger_ones_stay(state: StateFolder) -> None:
    write_tokens(state, HOURS)
    file = state.tokens / "system.jwt"
    os.utime(file, (1_000_000, 1_000_000))
    renew_tokens(state, HOURS, now=lambda: 1_000_000 + HOURS * 1800 - 1)
    assert file.stat().st_mtime == 1_000_000
    renew_tokens(state, HOURS, now=lambda: 1_000_000 + HOURS * 1800 + 1)
    assert file.stat().st_mtime > time.time() - 60


def test_tokens_that_somebody_removed_are_made_anew(state: StateFolder) -> None:
    renew_tokens(state, HOURS)
    assert {path.stem for path in state.tokens.iterdir()} == {role.value for role in Role}


def test_a_terminal_is_told_the_file_and_a_pipe_gets_the_token(
    state: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["token", "auditor", "--dir", str(state.var)]
    assert CliRunner().invoke(app, words).stdout.startswith("eyJ")
    monkeypatch.setattr("deploy.console.verbs.tokens.on_a_terminal", lambda: True)
    said = CliRunner().invoke(app, words).stdout
    assert said == f"{state.tokens}/auditor.asked.jwt\n"
    assert Path(said.strip()).read_text().startswith("eyJ")


def test_no_token_is_made_for_longer_than_a_service_accepts(state: StateFolder) -> None:
    assert (
        CliRunner().invoke(app, ["token", "auditor", "--hours", "25", "--dir", str(state.var)]).exit_code == 2
    )
