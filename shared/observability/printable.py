"""What strangers wrote, made fit for a terminal: no control character, no turned direction."""

from __future__ import annotations

import re

# C0 but the line's end and the tabulator, DEL, C1 (an escape sequence may begin with \x9b), separators of
# lines and paragraphs, marks and overrides of the direction, the byte order mark
_CONTROLS = "\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff"
_IN_TEXT = re.compile(f"[{_CONTROLS}]")
_IN_LINE = re.compile(f"[{_CONTROLS}\n\t]")


def printable(text: str) -> str:
    """The text on one line, each control character escaped as in JSON."""
    return text if text.isascii() and text.isprintable() else _IN_LINE.sub(_escaped, text)


def printable_text(text: str, instead: str | None = None) -> str:
    """The same for text of several lines: line ends and tabulators stay.

    :param instead: what stands for a control character; None: its escape.
    """
    return _IN_TEXT.sub(_escaped if instead is None else lambda _: instead, text)


def printable_value(value: object) -> object:
    """The same for whatever a log line holds."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {printable(str(name)): printable_value(item) for name, item in value.items()}
    if isinstance(value, list):
        return [printable_value(item) for item in value]
    return value


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
