"""Which keys belong to a backup: told by hashes when it is made, and asked when it is restored.

A key-encryption key that was rotated is one of several in its file, so each epoch has a hash of its own. The
file may have changed since: what must be in it is the newest epoch of the backup, unchanged, and every other
under which a key of the restored database is wrapped.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from pathlib import Path

import psycopg

from deploy.console.backup.archive import hash_of
from deploy.console.errors import CommandError
from deploy.console.keys.epochs import KEK
from shared.kernel.key_epochs import FIRST, BadKeys, keys_by_epoch

REFERENCES = "incidents.ref"
MASTER_KEYS = (KEK, REFERENCES)  # without which no SSID is read, and no student recognised

# the first bytes of a wrapped key say its epoch: 01, or 02 and four bytes (services/incidents/README.md)
_WRAPPED = """
    SELECT substr(wrapped_key, 1, CASE get_byte(wrapped_key, 0) WHEN 2 THEN 5 ELSE 1 END) AS head, count(*)
    FROM student_keys WHERE octet_length(wrapped_key) > 5 GROUP BY 1
"""


def hashes_of(keys: Mapping[str, Path]) -> dict[str, str]:
    """The hash of each key file, and of each epoch as ``incidents.kek EPOCH``."""
    by_epoch = _epochs(keys[KEK]) if KEK in keys else {}
    return {name: hash_of(key) for name, key in keys.items()} | {
        _name(epoch): hashlib.sha256(key).hexdigest() for epoch, key in by_epoch.items()
    }


def strangers(folder: Path, hashes: Mapping[str, str]) -> list[str]:
    """The names of key files in the folder that are missing, or are not the backup's."""
    return [name for name in MASTER_KEYS if name in hashes and not _belongs(folder / name, name, hashes)]


def require_epochs(url: str, file: Path) -> None:
    """Refuse a file that cannot open what the database has.

    :param url: the restored database of incidents.
    :raises CommandError: keys of students are wrapped under an epoch that is not in the file.
    """
    held = _epochs(file)
    with psycopg.connect(url) as connection:
        counts = {_epoch_at(bytes(head)): count for head, count in connection.execute(_WRAPPED.encode())}
    missing = sorted(epoch for epoch in counts if epoch is not None and held and epoch not in held)
    if missing:
        keys, epochs = sum(counts[epoch] for epoch in missing), ", ".join(map(str, missing))
        raise CommandError(
            f"{keys} students' keys are wrapped under epoch {epochs}, which is not in {KEK}:"
            " give the file of before it was retired; nothing was changed"
        )


def _belongs(file: Path, name: str, hashes: Mapping[str, str]) -> bool:
    if not file.exists():
        return False
    if hash_of(file) == hashes[name]:
        return True
    if name != KEK:
        return False
    told = {
        int(each.removeprefix(f"{KEK} ")): digest
        for each, digest in hashes.items()
        if each.startswith(f"{KEK} ")
    }
    if not told:
        return _was_all_of(file, hashes[name])
    held = {epoch: hashlib.sha256(key).hexdigest() for epoch, key in _epochs(file).items()}
    return max(told) in held and all(held[epoch] == told[epoch] for epoch in held.keys() & told.keys())


def _was_all_of(file: Path, hashed: str) -> bool:
    """Whether the first key was the whole file once, as backups from before there were epochs know it."""
    first = _epochs(file).get(FIRST)
    if first is None:
        return False
    text = base64.b64encode(first)
    return hashed in (hashlib.sha256(text).hexdigest(), hashlib.sha256(text + b"\n").hexdigest())


def _epochs(file: Path) -> Mapping[int, bytes]:
    """Empty, where it holds something else: the file is then compared as a whole."""
    try:
        return keys_by_epoch(file.read_text("ascii"))
    except (BadKeys, UnicodeDecodeError):
        return {}


def _name(epoch: int) -> str:
    return f"{KEK} {epoch}"


def _epoch_at(head: bytes) -> int | None:
    if head == b"\x01":
        return FIRST
    return int.from_bytes(head[1:], "big") if head[:1] == b"\x02" else None
