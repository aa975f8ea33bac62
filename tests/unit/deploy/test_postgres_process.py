"""What a dead PostgreSQL left is cleared away; a living one is let alone; lost data is not made anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from deploy.console.errors import CommandError
from deploy.console.local.postgres_process import bring_back, clear_away, postmaster

NOBODY = 2**22 + 1  # larger than any process id of Linux


class NeverStarts:
    def start(self) -> None:
        raise AssertionError("it was started")


def left_by_a_crash(data: Path, pid: int) -> list[Path]:
    files = [data / name for name in ("postmaster.pid", ".s.PGSQL.5432", ".s.PGSQL.5432.lock")]
    for file in files:
        file.write_text(f"{pid}\n{data}\n")
    return files


def test_what_a_dead_server_left_is_removed(tmp_path: Path) -> None:
    left = left_by_a_crash(tmp_path, NOBODY)
    clear_away(tmp_path, tmp_path)
    assert [file for file in left if file.exists()] == []


def test_a_process_id_that_is_anothers_by_now_is_not_believed(tmp_path: Path) -> None:
    left_by_a_crash(tmp_path, os.getpid())
    assert postmaster(tmp_path) is None


def test_what_a_living_server_has_is_let_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = left_by_a_crash(tmp_path, os.getpid())
    monkeypatch.setattr(
        "deploy.console.local.postgres_process.command_of", lambda _pid: f"postgres -D {tmp_path}"
    )
    clear_away(tmp_path, tmp_path)
    assert [file for file in left if not file.exists()] == []


def test_data_that_is_gone_is_not_made_anew(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="so is its data"):
        bring_back(NeverStarts(), tmp_path, tmp_path)
