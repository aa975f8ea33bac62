"""Header fields in their form for the wire, written by ourselves (RFC 5322, RFC 2047).

Python's ``email`` folds lists of addresses wrongly and decodes, while it folds, what looks like an encoded
word, each version in its own way; so nothing here is folded or encoded by it. What this writes has one form:

* a name of plain words stands as it is, one with other printable ASCII characters in quotes;
* everything else is encoded whole, in Base64 and UTF-8: letters beyond ASCII, and the signs at which readers
  that are not careful cut an address (``<``, ``>``, ``@``);
* a line break stands only between two mailboxes, before an address, or between two encoded words.

``header_reading`` reads every field back before it leaves, and knows nothing of how it was written.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

FOLD = "\r\n "
WIDTH = 78  # RFC 5322 §2.1.1: characters of a line that should not be exceeded
ROOM = 45  # octets of text in one encoded word: 75 characters with its frame (RFC 2047 §2)

_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_TOKENS = re.compile(r"[!-~]+(?: [!-~]+)*")
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")
_QUOTABLE = re.compile(r"[ -;=?A-~]+")  # printable ASCII without < > @
_ADDRESS = re.compile(r"[!-~]+@[A-Za-z0-9.-]+")


class Unwritable(ValueError):  # noqa: N818 - named like all refusals here: what is so
    """A field that has no form on the wire which reads back as what it means; a fault of ours."""


@dataclass(frozen=True)
class Mailbox:
    """A name and an address; an empty name is none."""

    name: str
    email: str


Meaning = str | tuple[Mailbox, ...]


@dataclass(frozen=True)
class Field:
    """One field: as it stands on the wire, and as it must be read back."""

    name: str
    value: str
    meaning: Meaning

    def __bytes__(self) -> bytes:
        return f"{self.name}: {self.value}\r\n".encode("ascii")


def tokens(name: str, value: str) -> Field:
    """A field of ASCII words that stand as they are: a date, an id, a code.

    :raises Unwritable: anything but printable ASCII with single blanks inside, or like an encoded word.
    """
    if not _FIELD_NAME.fullmatch(name) or not _TOKENS.fullmatch(value) or "=?" in value:
        raise Unwritable(f"{name} holds something else than plain words")
    return Field(name, value, value)


def text(name: str, value: str) -> Field:
    """A field of words for people, such as ``Subject``.

    :raises Unwritable: no words, or a line break or another unprintable character.
    """
    if not value or not value.isprintable():
        raise Unwritable(f"{name} is empty or holds an unprintable character")
    if _TOKENS.fullmatch(value) and "=?" not in value:
        return Field(name, _folded(name, value.split(" ")), value)
    return Field(name, FOLD.join(_encoded_words(value)), value)


def mailboxes(name: str, people: Sequence[Mailbox]) -> Field:
    """A field of addresses, such as ``To``: one mailbox or several.

    :raises Unwritable: none, or one that cannot be written.
    """
    if not people:
        raise Unwritable(f"{name} names nobody")
    return Field(name, f",{FOLD}".join(map(_mailbox, people)), tuple(people))


def _mailbox(person: Mailbox) -> str:
    address = f"<{person.email}>"
    if not _ADDRESS.fullmatch(person.email) or "=?" in person.email:
        raise Unwritable("an address that is none")
    if not person.name:
        return address
    if not person.name.isprintable() or "=?" in person.name:
        raise Unwritable("a name that is not what it shows")
    phrase = _phrase(person.name)
    last = len(phrase) - phrase.rfind(FOLD)
    return f"{phrase} {address}" if last + len(address) < WIDTH else f"{phrase}{FOLD}{address}"


def _phrase(name: str) -> str:
    words = name.split(" ")
    if all(map(_ATOM.fullmatch, words)):
        return name
    if _QUOTABLE.fullmatch(name):
        return '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'
    return FOLD.join(_phrase_parts(words) if "" not in words else _encoded_words(name))


def _phrase_parts(words: Sequence[str]) -> Iterator[str]:
    """Plain words as they are between encoded ones: the blank between the two is a blank to every reader."""
    for plain, run in groupby(words, key=lambda word: bool(_ATOM.fullmatch(word))):
        if plain:
            yield " ".join(run)
        else:
            yield from _encoded_words(" ".join(run))


def _encoded_words(value: str) -> Iterator[str]:
    for part in _parts(value):
        yield f"=?utf-8?b?{b64encode(part.encode()).decode()}?="


def _parts(value: str) -> Iterator[str]:
    """A text in parts of at most ``ROOM`` octets; no character is ever cut in two."""
    part, size = "", 0
    for character in value:
        width = len(character.encode())
        if size + width > ROOM:
            yield part
            part, size = "", 0
        part, size = part + character, size + width
    yield part


def _folded(name: str, words: Iterable[str]) -> str:
    lines, room = [""], WIDTH - len(name) - 2
    for word in words:
        if lines[-1] and len(lines[-1]) + 1 + len(word) > room:
            lines.append(word)
            room = WIDTH - 1
        else:
            lines[-1] = f"{lines[-1]} {word}" if lines[-1] else word
    return FOLD.join(lines)
