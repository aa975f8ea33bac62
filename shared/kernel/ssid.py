"""What an SSID looks like, and what only looks like one: the judge of ten digits, at every door (A-17, A-55).

Taken to hold an SSID is text with ten digits in a row, also where a single blank or dash stands between them
and whatever is not seen: full-width digits and those of other scripts, non-breaking and zero-width characters
included. A longer row is none: a school's CDS code, for example, has fourteen digits.

Not taken for one is what has another meaning as it is written:

    (916) 555-0100, 1-916-555-0100     a telephone number: 3-3-4; area and exchange code begin with 2 to 9
    2019-04-12, 04-12-2019             a day
    2018-19-000123, 2018-2019          a case's number, an administration year

An SSID may be written like a telephone number. So the SSIDs of a case's own students are looked for in every
form (``names``) where they are known.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

HOW_TO_WRITE = "A telephone number is written as (916) 555-0100 or 916-555-0100."
"""For whoever meant one; the number is of those that nobody has."""

REMOVED = "[number removed]"
"""Stands in a name in place of what may be an SSID: a name is stored, mailed and published."""

LENGTH = 10  # digits

IN_A_ROW = re.compile(r"(?<!\d)\d{10}(?!\d)")
"""Ten digits with nothing between them: what is judged in ids of machines, whose dashes say nothing."""

_UNSEEN = frozenset({"Cf", "Mn", "Me"})  # zero-width and joining characters, accents, keycaps
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0")  # letters by their category that nobody sees
_DASHES = frozenset("-\u2212\u02d7")  # besides those whose category says so
_BLANKS = frozenset(" \t\u2800")  # likewise

_IN_ASCII = re.compile(r"[0-9](?:[ \t-]?[0-9]){9}|[0-9]{3}\)?[ \t./-]?[0-9]{3}[ ./-]?[0-9]{4}")
"""Whether it is worth a look; most texts are ASCII, and hold nothing of the kind."""

_WRITTEN_3_3_4 = re.compile(
    r"(?<![0-9])(?:\+?1[ .-]?)?"
    r"(?:\((?P<area_in>[0-9]{3})\) ?|(?P<area>[0-9]{3})(?:[ .-]|/))"
    r"(?P<exchange>[0-9]{3})[ .-][0-9]{4}(?![0-9])"
)
_DAY = (
    r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
    r"|(?:0?[1-9]|1[0-2])-(?:0?[1-9]|[12][0-9]|3[01])-(?:19|20)[0-9]{2}"
)
_YEAR = r"20(?P<first>[0-9]{2})-(?:20)?(?P<second>[0-9]{2})(?:-[0-9]{6}(?:-A[0-9]{3})?)?"
_OTHER_MEANING = re.compile(rf"(?<![0-9])(?<![0-9]-)(?:{_DAY}|{_YEAR})(?![0-9]|-[0-9])")
_CHAIN = re.compile(r"[0-9](?:[ -]?[0-9])*")
_GROUP = re.compile(r"[0-9]+")

Span = tuple[int, int]


def is_ssid(value: object) -> bool:
    """Whether a value is an SSID as it is sent: text of exactly ten ASCII digits (§6.5)."""
    return isinstance(value, str) and len(value) == LENGTH and value.isascii() and value.isdigit()


def holds_ssid(text: str) -> bool:
    """Whether free text holds what may be an SSID."""
    return next(_spans(text), None) is not None


def without_ssids(text: str, instead: str) -> str:
    """The text with these words in place of everything that may be an SSID."""
    parts: list[str] = []
    kept = 0
    for start, end in sorted(_spans(text)):
        if start >= kept:
            parts += text[kept:start], instead
        kept = max(kept, end)
    return text if not parts else "".join((*parts, text[kept:]))


def holds_digits(text: str) -> bool:
    """Whether there are ten digits in it at all, wherever they stand."""
    return len(text) >= LENGTH and sum(map(str.isdigit, text)) >= LENGTH


def names(text: str, ssid: str) -> bool:
    """Whether text holds this very SSID, whatever stands between its digits and around them (A-55)."""
    return holds_digits(text) and ssid in "".join(map(_digit, text))


def _digit(character: str) -> str:
    value = unicodedata.digit(character, None)
    return "" if value is None else str(value)


def _spans(text: str) -> Iterator[Span]:
    """Where something stands that may be an SSID; such places may overlap."""
    if text.isascii():
        if _IN_ASCII.search(text) is None:
            return iter(())
        return _in_plain(text.replace("\t", " "), None)
    if not holds_digits(text):
        return iter(())
    plain, places = _as_read(text)
    return ((places[start], places[end - 1] + 1) for start, end in _in_plain(plain, (text, places)))


def _as_read(text: str) -> tuple[str, list[int]]:
    """The text as it is read, with ASCII digits, blanks and dashes, and where each character stood."""
    read: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        if (plain := _plain(character)) is not None:
            read.append(plain)
            places.append(place)
    return "".join(read), places


def _plain(character: str) -> str | None:
    """One character as it is read; None for one that is not seen."""
    if character < "\x80":
        return " " if character == "\t" else character
    category = unicodedata.category(character)
    if category in _UNSEEN or character in _FILLERS:
        return None
    if category == "Zs" or character in _BLANKS:
        return " "
    if category == "Pd" or character in _DASHES:
        return "-"
    wide = unicodedata.normalize("NFKC", character)  # brackets, points and plus signs as wide as letters
    return _digit(character) or (wide if wide in ("(", ")", ".", "/", "+") else character)


def _in_plain(plain: str, source: tuple[str, list[int]] | None) -> Iterator[Span]:
    """The places in text as it is read.

    :param source: the text as it was written and where each character stood in it; None: it is the same.
    """
    left = list(plain)
    for found in _WRITTEN_3_3_4.finditer(plain):
        if _is_telephone(found) and _as_one_writes(found.span(), source):
            left[found.start() : found.end()] = "\0" * len(found[0])
        else:
            yield found.start("area_in") if found["area_in"] else found.start("area"), found.end()
    for found in _OTHER_MEANING.finditer("".join(left)):
        if found["first"] is None or (int(found["first"]) + 1) % 100 == int(found["second"]):
            left[found.start() : found.end()] = "\0" * len(found[0])
    for chain in _CHAIN.finditer("".join(left)):
        yield from _ten_in_a_row(chain)


def _ten_in_a_row(chain: re.Match[str]) -> Iterator[Span]:
    """Where groups of digits that follow each other have ten together; a group is never taken apart."""
    groups = [group.span() for group in _GROUP.finditer(chain[0])]
    for first, (start, _) in enumerate(groups):
        digits = 0
        for begin, end in groups[first:]:
            digits += end - begin
            if digits >= LENGTH:
                if digits == LENGTH:
                    yield chain.start() + start, chain.start() + end
                break


def _is_telephone(found: re.Match[str]) -> bool:
    return (found["area_in"] or found["area"])[0] in "23456789" and found["exchange"][0] in "23456789"


def _as_one_writes(span: Span, source: tuple[str, list[int]] | None) -> bool:
    """Nobody writes a telephone number in full-width digits, or with characters that are not seen."""
    if source is None:
        return True
    text, places = source
    start, end = places[span[0]], places[span[1] - 1] + 1
    digits = [each for each in text[start:end] if _digit(each)]
    return end - start == span[1] - span[0] and all(each.isascii() for each in digits)
