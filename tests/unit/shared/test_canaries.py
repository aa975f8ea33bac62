"""The search for canaries finds what is planted, in every disguise and encoding, wherever it begins."""

from __future__ import annotations

import base64
import json
import quopri
from collections.abc import Callable
from urllib.parse import quote

import pytest

from shared.kernel.ssid import holds_ssid
from tests.support.canaries.numbers import APART, DISGUISES, FORBIDDEN, Canaries, Kind, found_in, telephone

ENCODED: dict[str, Callable[[str], bytes]] = {
    "utf-8": lambda text: text.encode(),
    "utf-16-le": lambda text: text.encode("utf-16-le"),
    "utf-16-be": lambda text: text.encode("utf-16-be"),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64 behind one": lambda text: base64.b64encode(b"x" + text.encode()),
    "base64 behind two": lambda text: base64.b64encode(b"xy" + text.encode() + b"z"),
    "base64 for addresses": lambda text: base64.urlsafe_b64encode(b"\xff\xfe" + text.encode()),
    "base64 of utf-16": lambda text: base64.b64encode(text.encode("utf-16-le")),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "hexadecimal, large": lambda text: text.encode().hex().upper().encode(),
    "in an address": lambda text: quote(text).encode(),
    "every byte in an address": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()).encode(),
    "quoted-printable": lambda text: quopri.encodestring(text.encode()),
    "JSON": lambda text: json.dumps({"a": text}).encode(),
    "JSON, every character": lambda text: "".join(f"\\u{ord(each):04x}" for each in text).encode(),
    "HTML": lambda text: "".join(f"&#{ord(each)};" for each in text).encode(),
}


@pytest.mark.parametrize("encode", ENCODED.values(), ids=ENCODED.keys())
@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_planted_canary_is_found(disguise: str, encode: Callable[[str], bytes]) -> None:
    for kind in Kind:
        planted = b"\0junk " + encode(DISGUISES[disguise](Canaries().new("here", kind))) + b" junk"
        assert {found for found, _, _ in found_in(planted, Kind)} == {kind}


def test_nothing_is_found_where_nothing_is() -> None:
    others = b"9461731000 9,461,730,000 2019-04-12 946173"
    assert found_in(others + bytes(range(256)) * 20, Kind) == []


def test_the_judge_refuses_every_disguise_of_a_student() -> None:
    student = Canaries().new("here")
    assert [name for name, disguise in DISGUISES.items() if not holds_ssid(disguise(student))] == []


def test_what_is_counted_apart_is_what_the_judge_lets_pass() -> None:
    assert not holds_ssid(telephone(Canaries().new("here", Kind.TELEPHONE)))
    assert {*FORBIDDEN, *APART} == set(Kind)
