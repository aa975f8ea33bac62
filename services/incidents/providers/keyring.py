"""Key-encryption keys by epoch, and the students' keys wrapped under them (ADR 0007).

    form 1   01 · nonce · AES-256-GCM                of epoch 1, as before there were epochs
    form 2   02 · epoch, 4 bytes · nonce · AES-256-GCM   of any later one

What is wrapped is bound to its student's reference, in form 2 to its epoch, too. New keys are wrapped under
the newest epoch of the file; the others open what was wrapped before.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from shared.kernel.key_epochs import FIRST, BadKeys, keys_by_epoch
from shared.observability.metrics import gauge

NONCE_BYTES = 12
FORM_OF_FIRST = b"\x01"
FORM_WITH_EPOCH = b"\x02"
_HEAD = 5  # bytes of form 2 before the nonce; form 1 has one

log = structlog.get_logger(__name__)


class BadKeyringFile(ValueError):  # noqa: N818 - says what is so
    """A file that holds no key-encryption keys."""


class NotUnwrapped(Exception):  # noqa: N818 - says what is so
    """A student's key that cannot be opened: it is damaged, or was wrapped under another key."""


class UnknownEpoch(NotUnwrapped):
    """A student's key of an epoch that the keyring does not have."""

    def __init__(self, epoch: int) -> None:
        super().__init__(f"There is no key-encryption key of epoch {epoch}.")
        self.epoch = epoch


class Keyring:
    """The key-encryption keys of a moment; immutable."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        """``keys``: by epoch, 32 bytes each; one at least."""
        self._wrapping = {epoch: AESGCM(key) for epoch, key in keys.items()}
        self.newest = max(keys)
        self._head = _head(self.newest)

    @property
    def epochs(self) -> list[int]:
        """All of them, oldest first."""
        return sorted(self._wrapping)

    def wrap(self, ref: str, key: bytes) -> bytes:
        """A student's key under the newest epoch."""
        nonce, epoch = os.urandom(NONCE_BYTES), self.newest
        body = self._wrapping[epoch].encrypt(nonce, key, _bound_to(ref, epoch))
        return self._head + nonce + body

    def unwrap(self, ref: str, wrapped: bytes) -> bytes:
        """A student's key, of whatever epoch.

        :raises UnknownEpoch: this keyring does not have it.
        :raises NotUnwrapped: it does not open.
        """
        epoch = epoch_of(wrapped)
        if epoch is None:
            raise NotUnwrapped("A student's key is of no form that is known.")
        wrapping = self._wrapping.get(epoch)
        if wrapping is None:
            raise UnknownEpoch(epoch)
        begin = 1 if wrapped[:1] == FORM_OF_FIRST else _HEAD
        nonce, body = wrapped[begin : begin + NONCE_BYTES], wrapped[begin + NONCE_BYTES :]
        try:
            return wrapping.decrypt(nonce, body, _bound_to(ref, epoch))
        except (InvalidTag, ValueError) as error:  # ValueError: not even a whole nonce
            raise NotUnwrapped(f"A student's key of epoch {epoch} does not open.") from error


class KeyringFile:
    """The keyring of a file, read again when the file is another one: nobody has to be started anew."""

    def __init__(self, path: Path) -> None:
        """Read it.

        :raises BadKeyringFile: there are no keys in it.
        """
        self._path = path
        self._seen = _looks_of(path)
        self._ring = read_keyring(path)
        # asked anew at each look, so that it tells whether this process would know a new epoch
        gauge(
            "key_encryption_epoch", "Newest epoch of the key-encryption keys that this process knows."
        ).set_function(lambda: self.current().newest)

    def current(self) -> Keyring:
        """The keys that the file holds now; while it cannot be read, those of before."""
        looks = _looks_of(self._path)
        if looks != self._seen and looks is not None:
            try:
                self._ring = read_keyring(self._path)
            except BadKeyringFile as error:
                log.error("keyring_not_read", reason=str(error))  # noqa: TRY400 - the traceback tells less
            else:
                log.info("keyring_read", epochs=self._ring.epochs)
            self._seen = looks
        return self._ring


def read_keyring(path: Path) -> Keyring:
    """The key-encryption keys in a file: 32 bytes each, in base64; see ``key_epochs``.

    :raises BadKeyringFile: it is not there, or holds something else; nothing of it is repeated.
    """
    try:
        return Keyring(keys_by_epoch(path.read_text("ascii")))
    except BadKeys as error:
        raise BadKeyringFile(f"{path}: not a readable file with keys ({error})") from None
    except (OSError, ValueError):
        raise BadKeyringFile(f"{path}: not a readable file with keys in base64") from None


def epoch_of(wrapped: bytes) -> int | None:
    """The epoch under which a student's key is wrapped; None: it is of no form that is known."""
    if wrapped[:1] == FORM_OF_FIRST:
        return FIRST
    if wrapped[:1] == FORM_WITH_EPOCH and len(wrapped) >= _HEAD:
        return int.from_bytes(wrapped[1:_HEAD], "big")
    return None


def _head(epoch: int) -> bytes:
    return FORM_OF_FIRST if epoch == FIRST else FORM_WITH_EPOCH + epoch.to_bytes(_HEAD - 1, "big")


def _bound_to(ref: str, epoch: int) -> bytes:
    return (f"key:{ref}" if epoch == FIRST else f"key:{epoch}:{ref}").encode("ascii")


def _looks_of(path: Path) -> tuple[int, int, int] | None:
    """What changes with the content of a file; None: it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
