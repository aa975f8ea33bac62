"""`stairs backup` and `stairs restore` at their borders: nothing there, something there, damaged, killed."""

from __future__ import annotations

import os
import signal
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.console.folders import ROOT
from tests.support.eventually import eventually
from tests.support.system.system import CONSOLE, short_folder

pytestmark = pytest.mark.timeout(600)

LONG = 120.0  # seconds, on a busy machine


def stairs(*words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "COLUMNS": "200"}
    command = [*CONSOLE, *words]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LONG, check=False
    )


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with short_folder() as made:
        yield made


@pytest.fixture(scope="module")
def file(folder: Path) -> Path:
    """A backup of a place with tables, made while nothing runs."""
    path, var = folder / "monday.stairs", str(folder / "var")
    assert stairs("migrate", "--dir", var).returncode == 0
    (folder / "passphrase").write_text("correct horse battery\n")
    done = stairs("backup", str(path), "--dir", var, "--with-keys", *passphrase(folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert "up to incidents 0, appeals 0, notifications 0" in done.stdout
    return path


def passphrase(folder: Path) -> tuple[str, str]:
    return "--passphrase-file", str(folder / "passphrase")


def held_in(var: Path) -> list[str]:
    """What of a system is in its folder."""
    return [name for name in ("postgres", "keys", "restoring") if list((var / name).glob("*"))]


def test_a_place_without_data_is_not_backed_up(folder: Path) -> None:
    done = stairs("backup", str(folder / "x.stairs"), "--dir", str(folder / "empty"))
    assert done.returncode == 1
    assert "has no data: start once with `stairs run`" in done.stderr
    assert not (folder / "x.stairs").exists()
    assert held_in(folder / "empty") == []


def test_a_backup_into_a_folder_that_is_not_there_is_refused_before_anything_is_dumped(
    file: Path, folder: Path
) -> None:
    done = stairs("backup", str(folder / "nowhere" / "x"), "--dir", str(folder / "var"))
    assert done.returncode == 1
    assert f"there is no folder {folder / 'nowhere'}" in done.stderr


def test_the_keys_of_the_restored_place_are_the_same_and_their_owners_alone(file: Path, folder: Path) -> None:
    done = stairs("restore", str(file), "--dir", str(folder / "again"), *passphrase(folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert held_in(folder / "again") == ["postgres", "keys"]
    assert not (folder / "again" / "restoring").exists()
    before, after = ({key.name: key for key in (folder / var / "keys").iterdir()} for var in ("var", "again"))
    assert {name: key.read_text() for name, key in after.items()} == {
        name: key.read_text() for name, key in before.items()
    }
    secret = [key for name, key in after.items() if name != "jwks.json"]
    assert {key.stat().st_mode & 0o777 for key in secret} == {0o600}
    assert (folder / "again" / "keys").stat().st_mode & 0o777 == 0o700


def test_without_what_opens_the_keys_nothing_is_restored(file: Path, folder: Path) -> None:
    done = stairs("restore", str(file), "--dir", str(folder / "closed"))
    assert done.returncode == 1
    assert "the keys in it are sealed: give --identity FILE or --passphrase-file FILE" in done.stderr
    assert held_in(folder / "closed") == []


def test_a_backup_without_keys_is_restored_with_the_folder_that_has_them(file: Path, folder: Path) -> None:
    plain, var = folder / "plain.stairs", folder / "var"
    done = stairs("backup", str(plain), "--dir", str(var))
    assert (done.returncode, done.stderr) == (0, "")
    assert "it holds no keys" in done.stdout
    assert (var / "keys" / "incidents.kek").read_bytes() not in plain.read_bytes()
    refused = stairs("restore", str(plain), "--dir", str(folder / "plain"))
    assert "holds no keys: give the folder that has them, with --keys FOLDER" in refused.stderr
    done = stairs("restore", str(plain), "--dir", str(folder / "plain"), "--keys", str(var / "keys"))
    assert (done.returncode, done.stderr) == (0, "")
    assert held_in(folder / "plain") == ["postgres", "keys"]


@pytest.mark.parametrize("there", ["postgres/PG_VERSION", "keys/incidents.kek", "kafka/meta.properties"])
def test_nothing_is_restored_over_data(there: str, file: Path, tmp_path: Path) -> None:
    path = tmp_path / "var" / there
    path.parent.mkdir(parents=True)
    path.write_text("18")
    done = stairs("restore", str(file), "--dir", str(tmp_path / "var"))
    assert done.returncode == 1
    assert f"nothing is restored over data, and there is some in {path.parent}: move it away" in done.stderr
    assert path.read_text() == "18"


def test_a_damaged_backup_changes_nothing(file: Path, folder: Path) -> None:
    last = "databases/notifications.dump"
    with tarfile.open(file) as backup:
        there = backup.getmember(last)
    content = bytearray(file.read_bytes())
    content[there.offset_data + there.size // 2] ^= 1
    damaged = folder / "damaged.stairs"
    damaged.write_bytes(content)
    done = stairs("restore", str(damaged), "--dir", str(folder / "damaged"))
    assert done.returncode == 1
    assert f"is damaged ({last})" in done.stderr
    assert held_in(folder / "damaged") == []


@pytest.mark.parametrize("reached", ["PG_VERSION", "postmaster.pid", "stairs.conf"])
async def test_a_restore_that_was_killed_has_changed_nothing_and_is_repeated(
    reached: str, file: Path, folder: Path
) -> None:
    """While the new server is made, while it starts, and while (or before) it is filled."""
    var = folder / f"killed-{reached}"
    beside = var / "restoring" / "postgres" / reached
    command = [*CONSOLE, "restore", str(file), "--dir", str(var), *passphrase(folder)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        await eventually(lambda: _is_there(beside), within=LONG)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert held_in(var) == ["restoring"]
    done = stairs("restore", str(file), "--dir", str(var), *passphrase(folder))
    assert (done.returncode, done.stderr) == (0, "")
    assert held_in(var) == ["postgres", "keys"]


async def _is_there(path: Path) -> bool:
    assert path.exists()
    return True
