"""What is no name of a person, and no address, however it is dressed; judged where it comes in.

Names stand in mails, logs and on screens, each of which decodes in its own way. So a name is refused that is
read by any of them as something else than it shows: a line of its own, a field, an address, a command.
What remains may still hold commas, quotes, brackets and letters of every script.
"""

from __future__ import annotations

import re
import unicodedata

UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Categories of characters that are not seen, and change how those around them are read or shown."""

JOINERS = frozenset("\u200c\u200d\u200e\u200f\u061c")
"""Unseen ones that some scripts need (Persian, Hebrew, Hindi); they turn nothing that stands beside them."""

_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}|&(?:#[0-9]+|#[xX][0-9A-Fa-f]+|[A-Za-z]+);")
_NO_MAILBOX = re.compile(r'[\s<>()\[\],;:"\\]')


def no_name_because(text: str) -> str | None:
    """Why this is no name: words to be continued after "a name …"; None for what may be one."""
    if _unseen(text):
        return "holds no control characters and nothing that hides or turns text"
    shown = unicodedata.normalize("NFKC", text)
    if "=?" in shown or _ESCAPED.search(shown):
        return "holds nothing that is decoded to something else, such as =?…?=, %0A or &lt;"
    if re.search(r"[@<>]|://|\bwww\.", shown, re.IGNORECASE):
        return "holds no address, neither of a mailbox nor of a page, and none of @ < >"
    return None


def no_address_because(text: str) -> str | None:
    """Why this is not the address of one mailbox; None for what may be one, or for no text at all."""
    if _unseen(text) or _NO_MAILBOX.search(text):
        return "is one mailbox, without blanks, brackets, quotes or commas"
    if "=?" in unicodedata.normalize("NFKC", text):
        return "holds nothing that is decoded to something else, such as =?…?="
    return "holds one @" if text.count("@") > 1 else None


def no_person_because(name: str, email: str) -> str | None:
    """Why these two, each of which may be empty, do not tell who somebody is; None where they do.

    Some issuers call people by their address: a name that *is* the address is no address inside a name.
    """
    if because := no_address_because(email):
        return f"email is no address: one {because}"
    if name != email and (because := no_name_because(name)):
        return f"name is no name: one {because}"
    return None


def _unseen(text: str) -> bool:
    return any(unicodedata.category(each) in UNSEEN and each not in JOINERS for each in text)
