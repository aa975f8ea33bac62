"""The file of a backup: whole or not at all, its owner's alone, and refused when a byte of it is another."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from deploy.console.backup import archive, creating
from deploy.console.errors import CommandError

POSITIONS = {"incidents": 8, "appeals": 12, "notifications": 20}


@pytest.fixture
def parts(tmp_path: Path) -> dict[str, Path]:
    made = {"keys/incidents.kek": "a key", "databases/incidents.dump": "a dump " * 1000}
    for name, text in made.items():
        path = tmp_path / "parts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return {name: tmp_path / "parts" / name for name in made}


@pytest.fixture
def file(tmp_path: Path, parts: dict[str, Path]) -> Path:
    path = tmp_path / "monday.stairs"
    archive.pack(path, parts, "2026-11-27T09:00:00+00:00", "0.1.0", POSITIONS)
    return path


def test_what_was_packed_is_unpacked(file: Path, parts: dict[str, Path], tmp_path: Path) -> None:
    manifest = archive.unpack(file, tmp_path / "out")
    assert (manifest.version, manifest.positions) == ("0.1.0", POSITIONS)
    assert {name: (tmp_path / "out" / name).read_bytes() for name in parts} == {
        name: path.read_bytes() for name, path in parts.items()
    }


def test_only_its_owner_can_read_it_and_what_comes_out_of_it(file: Path, tmp_path: Path) -> None:
    archive.unpack(file, tmp_path / "out")
    laid_out = [file, *(path for path in (tmp_path / "out").rglob("*") if path.is_file())]
    assert {path.stat().st_mode & 0o777 for path in laid_out} == {0o600}


def test_another_file_is_never_overwritten(file: Path, parts: dict[str, Path]) -> None:
    before = file.read_bytes()
    with pytest.raises(CommandError, match="exists: give another name"):
        archive.pack(file, parts, "", "", {})
    assert file.read_bytes() == before


def test_a_folder_that_is_not_there_is_named(parts: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="there is no folder"):
        archive.pack(tmp_path / "nowhere" / "x", parts, "", "", {})


@pytest.mark.parametrize("part", ["keys/incidents.kek", "databases/incidents.dump"])
def test_one_byte_that_is_another_is_noticed_and_its_part_named(
    part: str, file: Path, parts: dict[str, Path], tmp_path: Path
) -> None:
    content, told = file.read_bytes(), parts[part].read_bytes()
    file.write_bytes(content.replace(told, b"A" + told[1:], 1))
    with pytest.raises(CommandError, match=rf"is damaged \({part}\).*nothing was changed"):
        archive.unpack(file, tmp_path / "out")


@pytest.mark.parametrize("kept", [0, 100, 700, 2500, 7000])
def test_a_part_of_a_file_is_no_backup(kept: int, file: Path, tmp_path: Path) -> None:
    file.write_bytes(file.read_bytes()[:kept])
    with pytest.raises(CommandError):
        archive.unpack(file, tmp_path / "out")


@pytest.mark.parametrize(
    "name", ["incidents.kek.2025", "Old_KEK~1", "incidents.kek (copy)", ".jwks.json.3f2a"]
)
def test_a_key_folder_with_more_in_it_makes_a_backup_that_can_be_restored(
    name: str, parts: dict[str, Path], tmp_path: Path
) -> None:
    """Somebody keeps an old key beside the new one; a process that was killed left a draft."""
    keys = tmp_path / "parts" / "keys"
    (keys / name).write_text("another")
    told = {f"keys/{key}": path for key, path in creating.key_files(keys).items()}
    assert (f"keys/{name}" in told) != name.startswith(".")
    archive.pack(tmp_path / "x.stairs", {**parts, **told}, "", "", {})
    archive.unpack(tmp_path / "x.stairs", tmp_path / "out")
    assert {f"keys/{path.name}" for path in (tmp_path / "out/keys").iterdir()} == told.keys()


def test_nothing_is_packed_that_would_not_come_out_again(parts: dict[str, Path], tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"keys/\.draft"):
        archive.pack(tmp_path / "x.stairs", {**parts, "keys/.draft": parts["keys/incidents.kek"]}, "", "", {})
    assert not list(tmp_path.glob("*x.stairs*"))


@pytest.mark.parametrize("name", ["../escaped", "/etc/escaped", "keys/../../escaped", "keys/.hidden"])
def test_nothing_is_laid_out_elsewhere(name: str, file: Path, parts: dict[str, Path], tmp_path: Path) -> None:
    with tarfile.open(file, "a") as tar:
        tar.add(parts["keys/incidents.kek"], arcname=name)
    archive.unpack(file, tmp_path / "out")
    assert not list(tmp_path.rglob("escaped"))
    assert not list(tmp_path.rglob(".hidden"))


def test_a_link_is_not_followed(file: Path, tmp_path: Path) -> None:
    link = tarfile.TarInfo("keys/incidents.ref")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with tarfile.open(file, "a") as tar:
        tar.addfile(link)
    with pytest.raises(CommandError):
        archive.unpack(file, tmp_path / "out")


def test_another_format_is_refused(
    file: Path, parts: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "FORMATS", (3,))
    with pytest.raises(CommandError, match="no backup that this version of stairs can read"):
        archive.unpack(file, tmp_path / "out")


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"cannot read .*No such file"):
        archive.unpack(tmp_path / "nothing", tmp_path / "out")
