"""The epochs in the file of key-encryption keys, on this machine: a line more, or one less.

``var/keys/incidents.kek`` is what a local run reads, and ``var/secrets/incidents.kek`` what Compose mounts;
both have the same epochs. The first is replaced as a whole, and never half written. To the second a line is
added where it is, for a container that runs sees that file, and no other that takes its name.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from deploy.console.errors import CommandError
from deploy.console.folders import StateFolder
from deploy.console.keys.secret_files import secret_key, write_private
from shared.kernel.key_epochs import KEY_BYTES, BadKeys, keys_by_epoch, line_of

KEK = "incidents.kek"


def epochs_in(state: StateFolder) -> list[int]:
    """The epochs of this machine's key-encryption keys, oldest first; the first key is made if there is none.

    :raises CommandError: the file holds something else.
    """
    return sorted(_read(secret_key(state.keys / KEK)))


def add_epoch(state: StateFolder, *, above: int = 0) -> int:
    """Make a key of a new epoch; its number.

    :param above: the highest number that was ever used, as far as others know.
    :raises CommandError: a file holds something else, or cannot be written.
    """
    file = secret_key(state.keys / KEK)
    with _alone(state):
        held = _read(file)
        epoch = max(above, *held) + 1
        _write(file, {**held, epoch: secrets.token_bytes(KEY_BYTES)})
        bring_up_to_date(file, mounted(state))
    return epoch


def drop_epoch(state: StateFolder, epoch: int) -> bool:
    """Take an epoch out of the files; False: none had it.

    :raises CommandError: it is the newest one, or a file holds something else.
    """
    dropped = False
    with _alone(state):
        for file in (secret_key(state.keys / KEK), mounted(state)):
            if not file.exists() or epoch not in (held := _read(file)):
                continue
            if epoch == max(held):
                raise CommandError(f"epoch {epoch} is the newest in {file}: new keys are wrapped under it")
            _write(file, {number: key for number, key in held.items() if number != epoch})
            dropped = True
    return dropped


def bring_up_to_date(file: Path, copy: Path) -> None:
    """Add to a copy the epochs that only the file has; there may be no copy.

    :raises CommandError: one of them holds something else, or the copy another key of the same epoch.
    """
    if not copy.exists():
        return
    held, there = _read(file), _read(copy)
    others = sorted(epoch for epoch in held.keys() & there.keys() if held[epoch] != there[epoch])
    if others:
        raise CommandError(f"{copy} has another key of epoch {others[0]} than {file}: one of them is wrong")
    for epoch in sorted(held.keys() - there.keys()):
        _append(copy, epoch, held[epoch])


def mounted(state: StateFolder) -> Path:
    """The file that Compose mounts; it is there once `stairs secrets` has made it."""
    return state.var / "secrets" / KEK


def _read(file: Path) -> dict[int, bytes]:
    try:
        return dict(keys_by_epoch(file.read_text("ascii")))
    except (BadKeys, UnicodeDecodeError) as error:
        raise CommandError(f"{file} holds no key-encryption keys ({error}): bring it back") from None
    except OSError as error:
        raise CommandError(f"cannot read {file}: {error.strerror}") from error


def _write(file: Path, keys: Mapping[int, bytes]) -> None:
    """Another file in its place, on the disk before anything is wrapped under what is new in it."""
    mode = file.stat().st_mode & 0o777
    try:
        write_private(file, "".join(f"{line_of(epoch, keys[epoch])}\n" for epoch in sorted(keys)))
        file.chmod(mode)
        for path in (file, file.parent):
            opened = os.open(path, os.O_RDONLY)
            os.fsync(opened)
            os.close(opened)
    except OSError as error:
        raise CommandError(f"cannot write {file}: {error.strerror}") from error


def _append(file: Path, epoch: int, key: bytes) -> None:
    """One write at its end: who reads meanwhile sees the line, or something that does not pass for a key."""
    mode = file.stat().st_mode & 0o777
    try:
        file.chmod(mode | 0o200)  # what Compose mounts is read-only for us, too
        with file.open("rb+") as opened:
            text = opened.read()
            ended = b"\n" if text and not text.endswith(b"\n") else b""  # a first key has no end of line
            opened.write(ended + line_of(epoch, key).encode("ascii") + b"\n")
            opened.flush()
            os.fsync(opened.fileno())
    except OSError as error:
        raise CommandError(f"cannot write {file}: {error.strerror}") from error
    finally:
        file.chmod(mode)


@contextmanager
def _alone(state: StateFolder) -> Iterator[None]:
    """One at a time: two that read the same number would both add it."""
    with (state.run / "keys.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
