"""The judge of ten digits, form by form (A-17, A-55)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.ssid import holds_digits, holds_ssid, is_ssid, names, without_ssids

SSID = "8472615039"
ARABIC = "٠١٢٣٤٥٦٧٨٩"
FULLWIDTH = "０１２３４５６７８９"
KEYCAPS = "".join(f"{digit}\ufe0f\u20e3" for digit in SSID)

REFUSED = {
    "alone": SSID,
    "zeros": "0000000000",
    "in a sentence": f"It was {SSID}.",
    "between letters": f"a{SSID}b",
    "between underscores": f"_{SSID}_",
    "behind a digit and a dash": f"1-{SSID}",
    "on a line of its own": f"x\n{SSID}\n",
    "behind a longer number": f"12345678901 {SSID}",
    "two of them": f"{SSID}, 8472615040",
    "behind a country code": f"+1 {SSID}",
    "in an address": f"{SSID}@school.example.org",
    "two halves with a blank": "84726 15039",
    "two halves with a dash": "84726-15039",
    "two halves with a tab": "84726\t15039",
    "three parts": "8472 615 039",
    "four parts": "84 726 150 39",
    "pairs": "84 72 61 50 39",
    "pairs with dashes": "84-72-61-50-39",
    "blanks between all": "8 4 7 2 6 1 5 0 3 9",
    "dashes between all": "8-4-7-2-6-1-5-0-3-9",
    "blanks and dashes": "847-26 15-039",
    "ten parted behind another number": "12 84726 15039",
    "ten parted before another number": "84726 15039 12",
    "two of them parted": "84726 15039 84726 15040",
    "3-3-4 without a blank behind": "847-2615039",
    "3-3-4, area code begins with 1": "147-261-5039",
    "3-3-4, area code begins with 0": "047 261 5039",
    "3-3-4, exchange code begins with 1": "847-161-5039",
    "3-3-4, exchange code begins with 0": "(847) 061-5039",
    "3-3-4 with points, area code begins with 0": "047.261.5039",
    "4-3-3": "8472-615-039",
    "3-4-3": "847-2615-039",
    "an ISBN of before": "0-306-40615-2",
    "non-breaking blank": "84726\u00a015039",
    "narrow non-breaking blank": "84726\u202f15039",
    "figure space": "84726\u200715039",
    "thin space": "84726\u200915039",
    "ideographic space": "84726\u300015039",
    "non-breaking dash": "84726\u201115039",
    "en dash": "84726\u201315039",
    "em dash": "84726\u201415039",
    "minus": "84726\u221215039",
    "full-width dash": "84726\uff0d15039",
    "zero-width space": "84726\u200b15039",
    "zero-width joiner": "84726\u200d15039",
    "word joiner": "84726\u206015039",
    "byte order mark": "84726\ufeff15039",
    "soft hyphen": "84726\u00ad15039",
    "turned": "84726\u202e15039",
    "zero-width between all": "\u200b".join(SSID),
    "zero-width and blank": "84726\u200b 15039",
    "Hangul filler": "84726\u316415039",
    "an accent": "84726\u030115039",
    "full-width": FULLWIDTH,
    "full-width telephone number": "９１６-５５５-０１００",
    "telephone number with zero-width": "916\u200b-555-0100",
    "Arabic digits": ARABIC,
    "Arabic digits with a blank": f"{ARABIC[:5]} {ARABIC[5:]}",
    "mathematical digits": "𝟖𝟒𝟕𝟐𝟔𝟏𝟓𝟎𝟑𝟗",
    "digits of two scripts": f"84726{ARABIC[:5]}",
    "superscript": "⁸⁴⁷²⁶¹⁵⁰³⁹",
    "circled": "⑧④⑦②⑥①⑤⓪③⑨",
    "keycaps": KEYCAPS,
    "an hour without its day's form": "2019041210",
    "seven and three": "1964733 101",
}

PASSED = {
    "nothing": "",
    "words": "no digits",
    "nine digits": SSID[:9],
    "eleven digits": f"{SSID}1",
    "eleven, the other way": f"1{SSID}",
    "eleven, one of another script": f"٣{SSID}",
    "a school's CDS code": "19647330000000",
    "a CDS code in parts": "19 64733 0000000",
    "an LEA's code": "1964733",
    "telephone number": "916-555-0100",
    "telephone number with brackets": "(916) 555-0100",
    "telephone number, brackets close": "(916)555-0100",
    "telephone number with blanks": "916 555 0100",
    "telephone number with points": "916.555.0100",
    "telephone number with a slash": "916/555-0100",
    "telephone number, long distance": "1-916-555-0100",
    "telephone number, long distance with brackets": "1 (916) 555-0100",
    "telephone number with a country code": "+1 916-555-0100",
    "telephone number with country code and points": "+1.916.555.0100",
    "telephone number with non-breaking dashes": "916\u2011555\u20110100",
    "telephone number with a non-breaking blank": "(916)\u00a0555-0100",
    "telephone number with an extension": "916-555-0100 x12",
    "telephone number with a short extension": "916-555-0100 12",
    "two telephone numbers": "916-555-0100 916-555-0101",
    "telephone number in a sentence": "Call me (916-555-0100), please.",
    "telephone number without an area": "555-0100",
    "a country code and nothing between": "+19165550100",
    "a day and a time": "2019-04-12 10:30",
    "an instant": "2019-04-12T10:30:00-07:00",
    "an instant with a blank": "2019-04-12 10:30:15.123456",
    "a day and a count": "On 2019-04-12 12 students left.",
    "days": "2019-04-12 2019-04-16",
    "a day as Americans write it": "04-12-2019 10:30",
    "a day with slashes": "04/12/2019 10:30",
    "a case's number": "2018-19-000123",
    "an appeal's number": "2018-19-000123-A001",
    "a case's number and a count": "2018-19-000123 10 students",
    "an administration year and a count": "2018-2019 11 tests",
    "a ZIP code": "95814-1234",
    "two numbers with a comma": "12345, 67890",
    "a range": "12345 - 67890",
    "two blanks": "12345  67890",
    "two lines": "12345\n67890",
    "thousands": "8,472,615,039",
    "an internet address": "192.168.100.1",
    "a card's sixteen digits": "4111 1111 1111 1111",
    "a list with commas": "1, 2, 3, 4, 5, 6, 7, 8, 9, 10",
    "letters between": "84726a15039",
    "words between": "84726 and 15039",
    "times": "10:30 11:15 12:45",
    "a fraction of Indian digits": "१२३४५",
}


def test_the_table_has_forms_enough() -> None:
    assert len(REFUSED) >= 60
    assert len(PASSED) >= 40


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


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_what_may_be_an_ssid_is_seen_and_removed(text: str) -> None:
    assert holds_ssid(text)
    assert holds_ssid(f"Room 12: {text}, twice.")
    assert not holds_ssid(without_ssids(text, "[removed]"))


@pytest.mark.parametrize("text", PASSED.values(), ids=PASSED.keys())
def test_what_has_another_meaning_is_left_as_it_is(text: str) -> None:
    assert not holds_ssid(text)
    assert without_ssids(text, "[removed]") == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"Ann {SSID} Lee", "Ann # Lee"),
        ("Ann 84726\u200b15039", "Ann #"),
        ("Änn (847) 061-5039, 12", "Änn (#, 12"),
        (f"{SSID}, {SSID}; 12", "#, #; 12"),
        ("84726 15039 84726 15040", "#"),
        (f"916-555-0100 or {SSID}", "916-555-0100 or #"),
    ],
)
def test_only_that_is_removed_and_what_stands_beside_it_stays(text: str, left: str) -> None:
    assert without_ssids(text, "#") == left


def test_words_in_its_place_are_taken_as_they_are() -> None:
    assert without_ssids(f"{SSID}, {SSID}; 12", r"\1") == r"\1, \1; 12"


IN_EVERY_FORM = [
    "847-261-5039",
    "(847) 261-5039",
    "+1 847.261.5039",
    f"1{SSID}99",
    "8,472,615,039",
    "84726\n15039",
    "84726 and 15039",
    FULLWIDTH.translate(str.maketrans(FULLWIDTH, SSID)),
    KEYCAPS,
]


@pytest.mark.parametrize("text", IN_EVERY_FORM)
def test_a_known_ssid_is_found_in_every_form(text: str) -> None:
    assert holds_digits(text)
    assert names(f"It was {text}.", SSID)
    assert not names(text, "8472615040")


@given(before=st.text(), digits=st.text("0123456789", min_size=10, max_size=10), after=st.text())
def test_what_stands_around_an_ssid_hides_it_only_when_it_is_a_digit(
    before: str, digits: str, after: str
) -> None:
    def seen(text: str) -> str:
        return "".join(each for each in text if each.isdigit() or not holds_ssid(f"12345{each}67890"))

    longer = seen(before)[-1:].isdigit() or seen(after)[:1].isdigit()
    assert is_ssid(digits)
    assert longer or holds_ssid(before + digits + after)


@given(text=st.text(st.sampled_from("0189 -().+\u200b\u00a0２é\n")))
def test_nothing_is_left_behind_when_all_is_removed(text: str) -> None:
    assert not holds_ssid(without_ssids(text, "#"))


@pytest.mark.parametrize("text", ["12345678 " * 5000, "1 " * 20_000, "(" * 20_000 + SSID[:9], "1-" * 20_000])
def test_long_texts_take_no_more_than_their_length(text: str) -> None:
    assert len(without_ssids(text, "")) <= len(text)
