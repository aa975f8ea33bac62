"""Keys leave a machine only sealed, and come back only with what opens them."""

from __future__ import annotations

from pathlib import Path

import pyrage
import pytest

from deploy.console.backup import archive
from deploy.console.backup.belonging import hashes_of
from deploy.console.backup.creating import key_files
from deploy.console.backup.restoring import KeySource, _bring_keys
from deploy.console.errors import CommandError
from deploy.console.keys.sealing import Sealing, first_line, opened

PASSPHRASE = "correct horse battery"
KEYS = {"incidents.kek": "a key-encryption key", "incidents.ref": "a reference key", "jwks.json": "{}"}


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    folder = tmp_path / "keys-of-before"
    folder.mkdir()
    for name, text in KEYS.items():
        (folder / name).write_text(text)
    (folder / ".draft").write_text("of a killed process")
    return folder


@pytest.fixture
def identity(tmp_path: Path) -> tuple[Path, str]:
    made = pyrage.x25519.Identity.generate()
    file = tmp_path / "identity.txt"
    file.write_text(f"# made by age-keygen\n{made}\n")
    return file, str(made.to_public())


def unpacked(tmp_path: Path, keys: Path, sealing: Sealing | None) -> tuple[Path, archive.Manifest]:
    """A backup of this moment, laid out again."""
    dump = tmp_path / "incidents.dump"
    dump.write_text("a dump")
    parts, files = {"databases/incidents.dump": dump}, key_files(keys)
    if sealing is not None:
        parts[archive.SEALED_KEYS] = tmp_path / archive.SEALED_KEYS
        parts[archive.SEALED_KEYS].write_bytes(sealing.seal(archive.tar_of(files)))
    file = tmp_path / "monday.stairs"
    archive.pack(file, parts, "2026-11-29T09:00:00+00:00", "0.1.0", {"incidents": 1}, hashes_of(files))
    assert not any(text.encode() in file.read_bytes() for text in KEYS.values() if len(text) > 5)
    folder = tmp_path / "out"
    return folder, archive.unpack(file, folder)


def brought(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in (folder / "keys").iterdir()}


def test_a_backup_holds_no_keys_unless_somebody_asks(tmp_path: Path, keys: Path) -> None:
    folder, manifest = unpacked(tmp_path, keys, None)
    with pytest.raises(CommandError, match="holds no keys: give the folder that has them, with --keys"):
        _bring_keys(Path("monday"), folder, manifest, KeySource())
    _bring_keys(Path("monday"), folder, manifest, KeySource(keys))
    assert brought(folder) == KEYS
    assert {path.stat().st_mode & 0o777 for path in (folder / "keys").iterdir()} == {0o600}


def test_keys_of_another_system_are_refused(tmp_path: Path, keys: Path) -> None:
    folder, manifest = unpacked(tmp_path, keys, None)
    (keys / "incidents.kek").write_text("another key")
    with pytest.raises(CommandError, match=r"not the keys of monday \(incidents.kek\)"):
        _bring_keys(Path("monday"), folder, manifest, KeySource(keys))
    (keys / "incidents.kek").unlink()
    with pytest.raises(CommandError, match="not the keys"):
        _bring_keys(Path("monday"), folder, manifest, KeySource(keys))


def test_a_recipient_opens_the_keys(tmp_path: Path, keys: Path, identity: tuple[Path, str]) -> None:
    folder, manifest = unpacked(tmp_path, keys, Sealing.of([identity[1]], None))
    _bring_keys(Path("monday"), folder, manifest, KeySource(identity=identity[0]))
    assert brought(folder) == KEYS


def test_a_passphrase_opens_the_keys_and_another_does_not(tmp_path: Path, keys: Path) -> None:
    folder, manifest = unpacked(tmp_path, keys, Sealing.of([], PASSPHRASE))
    for wrong in (KeySource(), KeySource(passphrase="another passphrase")):
        with pytest.raises(CommandError, match=r"sealed|cannot be opened"):
            _bring_keys(Path("monday"), folder, manifest, wrong)
    _bring_keys(Path("monday"), folder, manifest, KeySource(passphrase=PASSPHRASE))
    assert brought(folder) == KEYS


def test_anothers_identity_opens_nothing(identity: tuple[Path, str], tmp_path: Path) -> None:
    other = str(pyrage.x25519.Identity.generate().to_public())
    with pytest.raises(CommandError, match="cannot be opened"):
        opened(Sealing.of([other], None).seal(b"x"), identity[0], None)
    (tmp_path / "junk").write_text("AGE-SECRET-KEY-1JUNK")
    with pytest.raises(CommandError, match="no identity"):
        opened(Sealing.of([other], None).seal(b"x"), tmp_path / "junk", None)


@pytest.mark.parametrize(
    ("recipients", "passphrase", "words"),
    [
        ([], None, "for whom"),
        (["age1x"], PASSPHRASE, "for whom"),
        ([], "short", "short"),
        (["age1x"], None, "not of the form"),
        (["ssh-rsa AAAA"], None, "not of the form"),
    ],
)
def test_keys_go_along_for_somebody_in_particular(
    recipients: list[str], passphrase: str | None, words: str
) -> None:
    with pytest.raises(CommandError, match=words):
        Sealing.of(recipients, passphrase)


def test_a_passphrase_is_the_first_line_of_its_file(tmp_path: Path) -> None:
    (tmp_path / "p").write_text("correct horse battery\r\nmore\n")
    assert first_line(tmp_path / "p") == PASSPHRASE
    with pytest.raises(CommandError, match="cannot read"):
        first_line(tmp_path / "none")


def test_a_backup_of_before_holds_its_keys_and_is_restored_with_them(tmp_path: Path, keys: Path) -> None:
    parts = {f"keys/{name}": path for name, path in key_files(keys).items()}
    archive.pack(tmp_path / "old.stairs", parts, "", "0.1.0", {})
    old = (tmp_path / "old.stairs").read_bytes()
    assert b'"format": 2' in old
    (tmp_path / "old.stairs").write_bytes(old.replace(b'"format": 2', b'"format": 1'))
    manifest = archive.unpack(tmp_path / "old.stairs", tmp_path / "out")
    _bring_keys(Path("old"), tmp_path / "out", manifest, KeySource())
    assert brought(tmp_path / "out") == KEYS
