"""Keys of one purpose by epoch, as a file holds them: one a line, ``EPOCH KEY``, the key in base64.

A line that is a key alone is of epoch 1: so is the whole file of a system that never rotated its key. An
epoch is added by a line more, with a number that no line had before; lines that begin with ``#`` say nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

KEY_BYTES = 32
FIRST = 1
LAST = 2**31 - 1  # what four bytes and an ``integer`` of the database hold


class BadKeys(ValueError):  # noqa: N818 - says what is so
    """A text that holds no keys by epoch; nothing of it is repeated."""


def keys_by_epoch(text: str) -> Mapping[int, bytes]:
    """The keys in the text of such a file.

    :raises BadKeys: it holds none, one is no key, or an epoch stands there twice.
    """
    found: dict[int, bytes] = {}
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        epoch = _epoch(words[0]) if len(words) > 1 else FIRST
        if len(words) > 2 or epoch is None:
            raise BadKeys("a line is neither KEY nor EPOCH KEY")
        if epoch in found:
            raise BadKeys(f"epoch {epoch} stands there twice")
        found[epoch] = _key(words[-1])
    if not found:
        raise BadKeys("it is empty")
    return found


def line_of(epoch: int, key: bytes) -> str:
    """The line of an epoch, without its end."""
    return f"{epoch} {base64.b64encode(key).decode('ascii')}"


def _epoch(word: str) -> int | None:
    if not (word.isascii() and word.isdecimal() and len(word) <= len(str(LAST))):
        return None
    epoch = int(word)
    return epoch if FIRST <= epoch <= LAST else None


def _key(word: str) -> bytes:
    try:
        key = base64.b64decode(word, validate=True)
    except (ValueError, binascii.Error):
        raise BadKeys("a key is not in base64") from None
    if len(key) != KEY_BYTES:
        raise BadKeys(f"a key has {KEY_BYTES} bytes, this one has {len(key)}")
    return key
