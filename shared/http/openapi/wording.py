"""Docstrings as readers of an API need them: Markdown, without what is written for readers of the code."""

from __future__ import annotations

import re

_REFERENCE = (
    r"(?:HR-\d+|A-\d+|[KNEP]\d+|§\s?[\d.]+(?: note \d+)?|contract(?:,? §\s?[\d.]+)?|domain §\s?[\d.]+"
    r"|RFC \d+ §[\d.]+|M p\d+|ADR \d+)"
)
_REFERENCES = rf"{_REFERENCE}(?:(?:[,;–-]| and) ?{_REFERENCE})*"
_IN_BRACKETS = re.compile(rf"\s*\({_REFERENCES}(?:, `[^`]*`)?\)")
_BEHIND = re.compile(rf"\s*[;,:] {_REFERENCES}(?=[.;,)]|$)")
_IN_FRONT = re.compile(rf"^{_REFERENCES}: (\w)")
_FIELD_LIST = re.compile(r"\n\s*:(?:param|raises|returns)\b.*", re.DOTALL)


def plain(text: str) -> str:
    """The same without marks of reStructuredText and without bare references to our sources."""
    text = _FIELD_LIST.sub("", text).replace("``", "`")
    text = _BEHIND.sub("", _IN_BRACKETS.sub("", text))
    return _IN_FRONT.sub(lambda found: found[1].upper(), text).strip()


def sentence(text: str) -> str:
    """The first paragraph on one line, begun with a capital and ended with a full stop."""
    first = " ".join(plain(text).partition("\n\n")[0].split())
    return first[:1].upper() + first[1:] + ("" if first.endswith((".", "!", "?")) else ".") if first else ""
