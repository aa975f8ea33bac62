"""The numbers themselves, how they are disguised, and how bytes are searched for them.

All canaries of a kind begin with the same seven digits, so that thousands of forms and encodings of them are
found by some hundred searches.
"""

from __future__ import annotations

import base64
import json
import quopri
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import takewhile
from urllib.parse import quote_from_bytes

COUNTED = 3  # digits by which canaries of a kind differ


class Kind(Enum):
    """What a canary stands for, by the digits with which it begins."""

    STUDENT = "9461730"  # written 3-3-4 it is no telephone number: no exchange code begins with 1
    OWN = "9464730"  # could be a telephone number, and is the SSID of the case's own student
    TELEPHONE = "9462730"  # written as a telephone number, which A-55 lets pass
    CALL = "9463730"  # where a telephone number is asked for, which A-55 lets pass


FORBIDDEN = (Kind.STUDENT, Kind.OWN)
APART = (Kind.TELEPHONE, Kind.CALL)


def telephone(ssid: str) -> str:
    """As one writes a telephone number."""
    return f"({ssid[:3]}) {ssid[3:6]}-{ssid[6:]}"


DISGUISES: Mapping[str, Callable[[str], str]] = {
    "plain": lambda ssid: ssid,
    "blank": lambda ssid: f"{ssid[:5]} {ssid[5:]}",
    "dashes": lambda ssid: f"{ssid[:3]}-{ssid[3:6]}-{ssid[6:]}",
    "no-break-space": lambda ssid: f"{ssid[:5]}\u00a0{ssid[5:]}",
    "no-break-hyphen": lambda ssid: f"{ssid[:5]}\u2011{ssid[5:]}",
    "zero-width": lambda ssid: f"{ssid[:5]}\u200b{ssid[5:]}",
    "joiners": "\u200d".join,
    "full-width": lambda ssid: "".join(chr(ord(digit) - ord("0") + 0xFF10) for digit in ssid),
    "apart": " ".join,
    "brackets": telephone,
}


@dataclass
class Canaries:
    """Hands out numbers, each for one place."""

    placed: dict[str, str] = field(default_factory=dict)  # number → where it was put

    def new(self, place: str, kind: Kind = Kind.STUDENT) -> str:
        """A number that is nowhere yet."""
        ssid = f"{kind.value}{len(self.placed):0{COUNTED}d}"
        self.placed[ssid] = place
        return ssid

    def disguised(self, place: str) -> Iterator[tuple[str, str]]:
        """A number in each disguise, with the name of the disguise."""
        for name, disguise in DISGUISES.items():
            yield name, disguise(self.new(f"{place}, {name}"))


def encodings(text: str) -> Iterator[bytes]:
    """The text as bytes may hold it; parts of base64 that are the same whatever stands around them."""
    plain = text.encode()
    yield plain
    yield from (text.encode("utf-16-le"), text.encode("utf-16-be"))
    yield from (plain.hex().encode(), plain.hex().upper().encode())
    yield from (quote_from_bytes(plain, safe="").encode(), b"".join(b"%%%02X" % byte for byte in plain))
    yield from (quopri.encodestring(plain, quotetabs=True), b"".join(b"=%02X" % byte for byte in plain))
    yield json.dumps(text)[1:-1].encode()
    yield "".join(f"\\u{ord(each):04x}" for each in text).encode()
    yield "".join(f"&#{ord(each)};" for each in text).encode()
    yield from base64_of(plain)
    yield from base64_of(text.encode("utf-16-le"))


def base64_of(plain: bytes) -> Iterator[bytes]:
    """What stands in base64 wherever the bytes begin, without the characters that share bits with others."""
    for before in range(3):
        whole = base64.b64encode(bytes(before) + plain)
        begins = (8 * before + 5) // 6
        ends = 8 * (before + len(plain)) // 6
        yield whole[begins:ends]
        yield base64.urlsafe_b64encode(bytes(before) + plain)[begins:ends]


def needles(kind: Kind) -> dict[bytes, str]:
    """What no bytes may hold, and in which disguise that is a canary of this kind."""
    found: dict[bytes, str] = {}
    for name, disguise in DISGUISES.items():
        first, last = (disguise(kind.value + digit * COUNTED) for digit in "09")
        same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last, strict=True)))
        begins = first[:same]
        found |= {needle: name for needle in encodings(begins) if needle not in found}
    return found


def found_in(content: bytes, kinds: Iterable[Kind]) -> list[tuple[Kind, str, bytes]]:
    """Which kinds are in these bytes, in which disguise, and what stands around the first of each."""
    hits: list[tuple[Kind, str, bytes]] = []
    for kind in kinds:
        for needle, name in NEEDLES[kind].items():
            if (at := content.find(needle)) >= 0:
                hits.append((kind, name, content[max(0, at - 60) : at + len(needle) + 30]))
    return hits


NEEDLES = {kind: needles(kind) for kind in Kind}
