"""A finished header, read by a strict parser of its own before it leaves (RFC 5322, RFC 2047).

It takes less than the RFCs allow: no comments, no groups, no obsolete forms, encoded words in UTF-8 and
Base64 alone. Whatever is not of the one form that we write is refused, so that nothing which somebody typed
can be a field, an address or a line of its own.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator, Sequence

from services.notifications.providers.header_writing import Field, Mailbox

LONGEST_LINE = 998  # RFC 5322 §2.1.1, without its CRLF

_LINE = re.compile(rb"[ -~]*")
_FIELD = re.compile(r"(?P<name>[!-9;-~]+): (?P<value>.*)")
_ENCODED = re.compile(r"=\?utf-8\?b\?(?P<text>[A-Za-z0-9+/]+={0,2})\?=")
_WORD = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_TOKEN = re.compile(
    rf'"(?P<quoted>(?:[^"\\]|\\.)*)"'
    rf"|<(?P<address>{_WORD}(?:\.{_WORD})*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*)>"
    rf"|(?P<word>{_WORD})"
    r"|(?P<comma>,)"
    r"|(?P<blank> +)"
)


class Misread(ValueError):  # noqa: N818 - named like all refusals here: what is so
    """A header that does not say what was meant: it must not leave."""


def require_read_back(head: bytes, fields: Sequence[Field]) -> None:
    """Let a header pass that consists of exactly these fields, each of which says what it means.

    :raises Misread: a field more or less, or one that reads differently.
    """
    found = fields_of(head)
    if [name for name, _ in found] != [field.name for field in fields]:
        raise Misread("other fields than were meant")
    for field, (_, value) in zip(fields, found, strict=True):
        meant = field.meaning
        read = text_of(value) if isinstance(meant, str) else mailboxes_of(value)
        if read != meant:
            raise Misread(f"{field.name} reads differently from what it means")


def fields_of(head: bytes) -> list[tuple[str, str]]:
    """The fields of a header, name and unfolded value, in their order.

    :raises Misread: a line that is neither a field nor the rest of one.
    """
    if not head.endswith(b"\r\n"):
        raise Misread("an unfinished line")
    found: list[tuple[str, str]] = []
    for octets in head[:-2].split(b"\r\n"):
        if not _LINE.fullmatch(octets) or len(octets) > LONGEST_LINE:
            raise Misread("a line that is too long or not of printable ASCII")
        line = octets.decode("ascii")
        begun = _FIELD.fullmatch(line)
        if begun is not None:
            found.append((begun["name"], begun["value"]))
        elif found and line.startswith(" ") and line.strip():
            found[-1] = (found[-1][0], found[-1][1] + line)
        else:
            raise Misread("a line that is no field")
    return found


def text_of(value: str) -> str:
    """The words of an unstructured field.

    :raises Misread: something like an encoded word that is none, or plain and encoded words mixed.
    """
    if "=?" not in value:
        return value
    return "".join(map(_decoded, value.split(" ")))


def mailboxes_of(value: str) -> tuple[Mailbox, ...]:
    """The mailboxes of a field of addresses.

    :raises Misread: not a list of names and addresses in angle brackets, with commas between them.
    """
    found: list[Mailbox] = []
    name, encoded, address = "", False, None
    for kind, token in [*_tokens(value), ("comma", ",")]:
        if kind == "comma":
            if address is None:
                raise Misread("a name without an address")
            found.append(Mailbox(name, address))
            name, encoded, address = "", False, None
        elif address is not None:
            raise Misread("something between an address and the next")
        elif kind == "address":
            address = token
        else:
            # the blank between two encoded words is none (RFC 2047 §6.2)
            blank = " " if name and not (encoded and kind == "encoded") else ""
            name, encoded = name + blank + token, kind == "encoded"
    return tuple(found)


def _tokens(value: str) -> Iterator[tuple[str, str]]:
    at = 0
    while at < len(value):
        token = _TOKEN.match(value, at)
        if token is None or token.lastgroup is None:
            raise Misread("no list of addresses")
        at = token.end()
        kind, said = token.lastgroup, token[token.lastgroup]
        if "=?" in said and kind != "word":
            raise Misread("an encoded word where none may stand")
        if kind == "quoted":
            yield kind, re.sub(r"\\(.)", r"\1", said)
        elif kind == "word" and "=?" in said:
            yield "encoded", _decoded(said)
        elif kind != "blank":
            yield kind, said


def _decoded(word: str) -> str:
    found = _ENCODED.fullmatch(word)
    if found is None:
        raise Misread("something like an encoded word that is none")
    try:
        text = b64decode(found["text"], validate=True).decode()
    except ValueError:
        raise Misread("an encoded word that cannot be decoded") from None
    if not text.isprintable():
        raise Misread("an encoded word that hides a control character")
    return text
