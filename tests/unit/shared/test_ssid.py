from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.ssid import holds_ssid, is_ssid, without_ssids

SSID = "8472615039"
ARABIC = "٠١٢٣٤٥٦٧٨٩"
FULLWIDTH = "０１２３４５６７８９"


@pytest.mark.parametrize("text", [SSID, "0000000000"])
def test_ten_ascii_digits_are_an_ssid(text: str) -> None:
    assert is_ssid(text)


@pytest.mark.parametrize(
    "value",
    [
        "",
        SSID[:9],
        f"{SSID}1",
        f" {SSID}",
        f"{SSID}\n",
        "84726-5039",
        ARABIC,
        FULLWIDTH,
        int(SSID),
        None,
        [SSID],
    ],
)
def test_nothing_else_is_an_ssid(value: object) -> None:
    assert not is_ssid(value)


@pytest.mark.parametrize(
    "text",
    [
        SSID,
        f"It was {SSID}.",
        f"a{SSID}b",
        f"_{SSID}_",
        f"1-{SSID}",
        f"x\n{SSID}\n",
        ARABIC,
        f"12345678901 {SSID}",
    ],
)
def test_text_with_a_run_of_ten_digits_may_hold_an_ssid(text: str) -> None:
    assert holds_ssid(text)
    assert not holds_ssid(without_ssids(text, "[removed]"))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no digits",
        SSID[:9],
        f"{SSID}1",
        f"1{SSID}",
        "19647330000000",
        "847 261 5039",
        f"٣{SSID}",
        f"{SSID}٣",
    ],
)
def test_shorter_and_longer_runs_hold_none_and_are_left_as_they_are(text: str) -> None:
    assert not holds_ssid(text)
    assert without_ssids(text, "[removed]") == text


def test_every_ssid_of_a_text_is_replaced_and_the_words_are_taken_as_they_are() -> None:
    assert without_ssids(f"{SSID}, {SSID}; 12", r"\1") == r"\1, \1; 12"


@given(before=st.text(), digits=st.text("0123456789", min_size=10, max_size=10), after=st.text())
def test_what_stands_around_an_ssid_hides_it_only_when_it_is_a_digit(
    before: str, digits: str, after: str
) -> None:
    longer = before[-1:].isdecimal() or after[:1].isdecimal()
    assert is_ssid(digits)
    assert longer or holds_ssid(before + digits + after)
