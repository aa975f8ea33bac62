from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.kernel.clock import Clock, SystemClock
from shared.process.clock import FileClock, clock_for


def offset(clock: Clock) -> timedelta:
    return timedelta(seconds=round((clock.now() - datetime.now(UTC)).total_seconds()))


def write(path: Path, content: str, tick: int) -> None:
    path.write_text(content)
    os.utime(path, ns=(tick, tick))


def test_the_clock_follows_the_file(tmp_path: Path) -> None:
    file = tmp_path / "offset"
    clock = clock_for(file)
    assert offset(clock) == timedelta()
    write(file, "86400\n", 1)
    assert offset(clock) == timedelta(days=1)
    write(file, "-3600", 2)
    assert offset(clock) == timedelta(hours=-1)
    file.unlink()
    assert offset(clock) == timedelta()


@pytest.mark.parametrize("junk", ["tomorrow", "", "nan", "inf", "1e300", "é"])
def test_junk_in_the_file_leaves_the_clock_as_it_was(tmp_path: Path, junk: str) -> None:
    file = tmp_path / "offset"
    clock = FileClock(file)
    write(file, "60", 1)
    clock.now()
    write(file, junk, 2)
    assert offset(clock) == timedelta(minutes=1)


def test_now_is_in_utc(tmp_path: Path) -> None:
    assert FileClock(tmp_path / "offset").now().tzinfo is UTC


def test_without_a_file_the_machine_tells_the_time() -> None:
    assert isinstance(clock_for(None), SystemClock)
