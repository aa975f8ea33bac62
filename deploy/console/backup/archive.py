"""A backup as one file: a tar of what `stairs` keeps, led by a manifest with the hash of each part.

    manifest.json · databases/SERVICE.dump · keys.age

Without keys no SSID in it can be read. It holds them only sealed, in the age format, and only where somebody
asks for it; files of earlier versions hold them as they are (keys/NAME). Only its owner can read it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from deploy.console.errors import CommandError

FORMATS = (1, 2)  # 1: keys as they are
FORMAT = 2
SEALED_KEYS = "keys.age"
MANIFEST = "manifest.json"
BLOCK = 1 << 20
_PART = re.compile(r"databases/[a-z]+\.dump|keys/[^./\0][^/\0]*|keys\.age")


@dataclass(frozen=True)
class Manifest:
    """What a backup says of itself."""

    made_at: str  # RFC 3339, UTC
    version: str  # of STAIRS
    positions: dict[str, int]  # service → of its newest event
    hashes: dict[str, str]  # part → SHA-256
    format: int = FORMAT
    key_hashes: dict[str, str] = field(default_factory=dict)
    """By the name of a key that belongs to it, its SHA-256; of bytes by chance that tells nothing of them.

    An epoch of the key-encryption key has its own, as ``incidents.kek EPOCH``.
    """


def pack(
    path: Path,
    parts: Mapping[str, Path],
    made_at: str,
    version: str,
    positions: dict[str, int],
    key_hashes: dict[str, str] | None = None,
) -> None:
    """Write the file in one step, mode 0600 from its first byte on.

    :param key_hashes: of the keys that belong to it, whether it holds them or not.
    :raises CommandError: the file exists, cannot be written, or a part of it could not be restored.
    """
    refuse_existing(path)
    strange = sorted(name for name in parts if not _is_part(name))
    if strange:
        raise CommandError(f"{', '.join(strange)} would not be restored: rename it, or move it away")
    hashes = {name: hash_of(part) for name, part in parts.items()}
    manifest = Manifest(made_at, version, positions, hashes, key_hashes=key_hashes or {})
    told = json.dumps(asdict(manifest), indent=2).encode()
    aside = path.with_name(f".{path.name}.part")
    try:
        aside.unlink(missing_ok=True)
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            with tarfile.open(fileobj=file, mode="w") as tar:
                _add(tar, MANIFEST, io.BytesIO(told), len(told))
                for name, part in parts.items():
                    with part.open("rb") as content:
                        _add(tar, name, content, part.stat().st_size)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise CommandError(f"cannot write {path}: {error.strerror}") from error


def unpack(path: Path, folder: Path) -> Manifest:
    """Lay out every part in a folder, each held against its hash.

    :raises CommandError: this is no backup, one of another format, or damaged.
    """
    try:
        with tarfile.open(path, "r:") as tar:
            manifest = _manifest(path, tar)
            found = {name: _lay_out(tar, member, folder) for member in tar if _is_part(name := member.name)}
    except tarfile.TarError as error:
        raise CommandError(
            f"{path} is no backup of `stairs backup`, or only a part of one ({error})"
        ) from error
    except OSError as error:
        raise CommandError(f"cannot read {path}: {error.strerror}") from error
    differ = sorted(
        name for name in manifest.hashes.keys() | found if manifest.hashes.get(name) != found.get(name)
    )
    if differ:
        raise CommandError(
            f"{path} is damaged ({', '.join(differ)}): take another backup; nothing was changed"
        )
    return manifest


def tar_of(files: Mapping[str, Path]) -> bytes:
    """The files as one tar, in memory: keys, which are small."""
    whole = io.BytesIO()
    with tarfile.open(fileobj=whole, mode="w") as tar:
        for name, file in files.items():
            content = file.read_bytes()
            _add(tar, f"keys/{name}", io.BytesIO(content), len(content))
    return whole.getvalue()


def lay_out_keys(content: bytes, folder: Path) -> None:
    """What such a tar holds, under ``keys`` in this folder.

    :raises CommandError: it is none.
    """
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
            for member in tar:
                if _PART.fullmatch(member.name) and member.name.startswith("keys/"):
                    _lay_out(tar, member, folder)
    except tarfile.TarError as error:
        raise CommandError("what is sealed as keys holds none: nothing was changed") from error


def refuse_existing(path: Path) -> None:
    """A backup never overwrites a file.

    :raises CommandError: there is such a file, or no folder for it.
    """
    if path.exists():
        raise CommandError(f"{path} exists: give another name, or remove it")
    if not path.parent.is_dir():
        raise CommandError(f"there is no folder {path.parent}: make it, or give another name")


def _manifest(path: Path, tar: tarfile.TarFile) -> Manifest:
    first = tar.next()
    content = tar.extractfile(first) if first is not None and first.name == MANIFEST else None
    try:
        told = json.load(content) if content is not None else None
        if not isinstance(told, dict) or told.get("format") not in FORMATS:
            raise CommandError(f"{path} is no backup that this version of stairs can read")
        return Manifest(**told)
    except (ValueError, TypeError) as error:
        raise CommandError(
            f"{path} is damaged ({MANIFEST}): take another backup; nothing was changed"
        ) from error


def _is_part(name: str) -> bool:
    return _PART.fullmatch(name) is not None


def _lay_out(tar: tarfile.TarFile, member: tarfile.TarInfo, folder: Path) -> str:
    """Write one part; its hash."""
    content = tar.extractfile(member) if member.isfile() else None
    if content is None:
        return "no file"
    target = folder / member.name
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        while block := content.read(BLOCK):
            file.write(block)
    return hash_of(target)


def hash_of(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _add(tar: tarfile.TarFile, name: str, content: IO[bytes], size: int) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    tar.addfile(info, content)
