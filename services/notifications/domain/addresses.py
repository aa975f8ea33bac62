"""Addresses and names that are safe in a mail's header and on an SMTP command line.

Only plain ASCII mailboxes (``local@domain.tld``) are taken: no quoting, comments, lists, white space or
control characters, so that nothing that somebody typed can end a header or begin another.
"""

from __future__ import annotations

import re

from services.notifications.domain.errors import UnusableAddress, UnusableName
from shared.kernel.errors import Issue
from shared.kernel.names import no_address_because, no_name_because

LONGEST_ADDRESS = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
LONGEST_LOCAL_PART = 64
LONGEST_NAME = 120

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?P<local>{_ATOM}(?:\.{_ATOM})*)@(?P<domain>{_LABEL}(?:\.{_LABEL})+)")


def usable_address(text: str, at: str = "") -> str:
    """The address as given, if a mail server can be given it.

    :param at: where it stood in what was sent (a JSON pointer).
    :raises UnusableAddress: anything but one plain mailbox, or one that is decoded to another.
    """
    match = _ADDRESS.fullmatch(text)
    if match is None or len(text) > LONGEST_ADDRESS or len(match["local"]) > LONGEST_LOCAL_PART:
        words = "An e-mail address has the form name@example.org, in plain ASCII."
        raise UnusableAddress(words, issues=[Issue(at, UnusableAddress.code, words)])
    if because := no_address_because(text):
        words = f"An e-mail address {because}."
        raise UnusableAddress(words, issues=[Issue(at, UnusableAddress.code, words)])
    return text


def is_usable_address(text: str) -> bool:
    """Whether this is one plain mailbox."""
    try:
        usable_address(text)
    except UnusableAddress:
        return False
    return True


def usable_name(text: str, at: str = "") -> str:
    """The name without outer white space, if it fits on one printable line and is read as nothing else.

    :param at: where it stood in what was sent (a JSON pointer).
    :raises UnusableName: empty, too long, with a control or other unprintable character, or with something
        that is decoded or cut to something else (an encoded word, an address).
    """
    name = text.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        words = f"A name is one printable line of 1 to {LONGEST_NAME} characters."
        raise UnusableName(words, issues=[Issue(at, UnusableName.code, words)])
    if because := no_name_because(name):
        words = f"A name {because}."
        raise UnusableName(words, issues=[Issue(at, UnusableName.code, words)])
    return name


def is_plain_name(text: str) -> bool:
    """Whether a mail's header may carry it as a name; facts of before may hold others."""
    return text.isprintable() and "=?" not in text


def one_line(text: str, longest: int = 200) -> str:
    """Any text as one printable line, cut to ``longest`` characters; for words that others chose."""
    line = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(line.split())[:longest]
