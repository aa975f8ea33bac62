"""Students by file (HR-07, A-15, A-16, E44, E46): what is taken, and a corpus of what is not."""

from __future__ import annotations

import contextlib
import datetime
import io
import zipfile
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.incidents.domain.ssid_sheet import ssids_in_sheet
from services.incidents.providers.student_file import cells_of
from shared.kernel.errors import Refusal
from tests.support.http.tokens import (
    AUDITOR,
    LEA_COORDINATOR,
    OTHER_LEA_COORDINATOR,
    TEST_ADMINISTRATOR,
    bearer,
)
from tests.support.incidents.api import Api
from tests.support.incidents.bodies import cheating
from tests.support.incidents.student_files import SHEET, a_csv, a_workbook, drawn, part_of, ssids, with_parts

MINE = bearer(LEA_COORDINATOR)
TWELVE = ssids(12)
ZEROS = ["0391045527", *TWELVE]


@pytest.fixture
def api() -> Api:
    return Api()


async def drafted(api: Api, **changes: object) -> str:
    body = cheating(ssids=None, **{"student_count": None, **changes})
    answer = await api.http.post("/v1/incidents", json=body, headers=MINE)
    return str(answer.headers["location"])


async def sent(api: Api, url: str, name: str, content: bytes, headers: dict[str, str] = MINE) -> Any:  # noqa: ANN401 - httpx' answer
    return await api.http.post(f"{url}/students/upload", files={"file": (name, content)}, headers=headers)


def read(content: bytes, stated: int | None = None) -> list[str]:
    return list(ssids_in_sheet(cells_of(content), stated).ssids)


GOOD: dict[str, tuple[str, bytes]] = {
    "a plain csv": ("s.csv", a_csv(ZEROS)),
    "a header": ("s.csv", a_csv(["SSID", *ZEROS])),
    "unix lines, blank ones between": ("s.CSV", a_csv(["ssid", "", *ZEROS, "", ""], end="\n")),
    "a byte order mark": ("s.csv", a_csv(["SSID", *ZEROS], encoding="utf-8-sig")),
    "utf-16 of a spreadsheet": ("s.csv", a_csv(["SSID", *ZEROS], encoding="utf-16")),
    "empty columns behind it, semicolons": ("s.csv", a_csv([f"{one};;" for one in ZEROS])),
    "tabs before it": ("s.csv", a_csv([f"\t{one}\t" for one in ZEROS])),
    "quotes and blanks": ("s.csv", a_csv([f'" {one} "' for one in ZEROS])),
    "a workbook": ("s.xlsx", a_workbook(ZEROS)),
    "a workbook with a header further down and to the right": (
        "Class list.XLSX",
        a_workbook(["SSID", *ZEROS], column=2, top=6),
    ),
    "blank cells between": ("s.xlsx", a_workbook(["SSID", "", *ZEROS[:5], None, " ", *ZEROS[5:]])),
    "an empty second sheet": (
        "s.xlsx",
        drawn(lambda one: [one.write(n, 0, s) for n, s in enumerate(ZEROS)], lambda _: None),
    ),
    "numbers that kept all ten digits": ("s.xlsx", a_workbook([ZEROS[0], *map(int, TWELVE)])),
}


@pytest.mark.parametrize("case", GOOD)
def test_hr_07_a_column_of_ssids_is_read_as_text(case: str) -> None:
    assert read(GOOD[case][1], stated=13) == ZEROS


LISTED = a_workbook(TWELVE)


def _bomb(size: int = 30_000_000) -> bytes:
    return with_parts(LISTED, {"xl/theme/theme1.xml": b" " * size})


def _lying_bomb() -> bytes:
    """Announces less than it unpacks to."""
    content = bytearray(with_parts(LISTED, {SHEET: b" " * 5_000_000 + part_of(LISTED, SHEET)}))
    at = content.rfind(b"PK\x01\x02", 0, content.rfind(SHEET.encode()))
    content[at + 24 : at + 28] = (100).to_bytes(4, "little")
    return bytes(content)


def _twice_the_same_part() -> bytes:
    made = io.BytesIO(LISTED)
    with zipfile.ZipFile(made, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(SHEET, part_of(LISTED, SHEET))
    return made.getvalue()


def _laughs() -> bytes:
    declared = b'<!DOCTYPE lol [<!ENTITY a "8391045527">]><worksheet/>'
    return with_parts(LISTED, {SHEET: declared})


def _encrypted_flag() -> bytes:
    content = bytearray(LISTED)
    at = -1
    while (at := content.find(b"PK\x01\x02", at + 1)) >= 0:
        content[at + 8] |= 1
    return bytes(content)


def _formula(sheet: Any) -> None:  # noqa: ANN401 - the library has no types
    for at, one in enumerate(TWELVE):
        sheet.write_string(at, 0, one)
    sheet.write_formula(12, 0, "=A1+1", value="8391045999")


BAD: dict[str, tuple[str, bytes, str, str | None]] = {
    "E46 a name column in a workbook": (
        "s.xlsx",
        drawn(lambda one: [one.write_row(n, 0, [s, "Ann Lee"]) for n, s in enumerate(TWELVE)]),
        "only_ssids_allowed",
        "B1",
    ),
    "E46 a name column in a csv": ("s.csv", a_csv([f"{s},Ann" for s in TWELVE]), "only_ssids_allowed", "B1"),
    "a number column": ("s.csv", a_csv([f"{s};5" for s in TWELVE]), "only_ssids_allowed", "B1"),
    "a second column in one row": ("s.csv", a_csv([*TWELVE, f"{ZEROS[0]}\t7"]), "only_ssids_allowed", "B13"),
    "two separators": ("s.csv", a_csv([*TWELVE, "8391045777;1,2"]), "only_ssids_allowed", None),
    "a name among the SSIDs": ("s.csv", a_csv([*TWELVE, "Ann Lee"]), "only_ssids_allowed", "A13"),
    "a name in another script": ("s.xlsx", a_workbook([*TWELVE, "王小明"]), "only_ssids_allowed", "A13"),
    "another header": ("s.csv", a_csv(["Student", *TWELVE]), "only_ssids_allowed", "A1"),
    "a header twice": ("s.csv", a_csv(["SSID", "SSID", *TWELVE]), "only_ssids_allowed", "A2"),
    "names on another sheet": (
        "s.xlsx",
        drawn(
            lambda one: [one.write(n, 0, s) for n, s in enumerate(TWELVE)], lambda two: two.write(4, 1, "A")
        ),
        "only_ssids_allowed",
        "another sheet, B5",
    ),
    "a formula in a workbook": ("s.xlsx", drawn(_formula), "only_ssids_allowed", "A13"),
    "a formula in a csv": ("s.csv", a_csv([*TWELVE, '="0391045527"']), "only_ssids_allowed", None),
    "an error of a formula that is gone": (
        "s.xlsx",
        with_parts(LISTED, {SHEET: b'<worksheet><row><c r="A1" t="e"><v>#REF!</v></c></row></worksheet>'}),
        "only_ssids_allowed",
        "A1",
    ),
    "a truth": ("s.xlsx", a_workbook([*TWELVE, True]), "only_ssids_allowed", "A13"),
    "a text as long as a book": ("s.xlsx", a_workbook([*TWELVE, "7" * 30_000]), "only_ssids_allowed", None),
    "nine digits": ("s.csv", a_csv([*TWELVE, "391045527"]), "invalid_ssid", "A13"),
    "nine digits as a number": ("s.xlsx", a_workbook([*TWELVE, 391045527]), "invalid_ssid", "A13"),
    "eleven digits": ("s.csv", a_csv([*TWELVE, "83910455271"]), "invalid_ssid", "A13"),
    "a fraction": ("s.xlsx", a_workbook([*TWELVE, 839104552.5]), "invalid_ssid", "A13"),
    "a negative number": ("s.xlsx", a_workbook([*TWELVE, -8391045527]), "invalid_ssid", "A13"),
    "a rounded number": ("s.csv", a_csv([*TWELVE, "8.39105E+09"]), "invalid_ssid", "A13"),
    "a date": (
        "s.xlsx",
        drawn(
            lambda one: (
                [one.write(n, 0, s) for n, s in enumerate(TWELVE)] + [one.write_number(12, 0, 43567.5)]
            )
        ),
        "invalid_ssid",
        "A13",
    ),
    "digits of another script": ("s.csv", a_csv([*TWELVE, "٨٣٩١٠٤٥٥٢٧"]), "invalid_ssid", "A13"),
    "the same twice": ("s.csv", a_csv([*TWELVE, TWELVE[3]]), "duplicate_ssid", "A13"),
    "E44 ten students": ("s.csv", a_csv(["SSID", *TWELVE[:10]]), "upload_too_small", None),
    "an empty csv": ("s.csv", b"", "upload_too_small", None),
    "an empty workbook": ("s.xlsx", drawn(lambda _: None), "upload_too_small", None),
    "501 students": ("s.csv", a_csv(ssids(501)), "too_many_students", None),
    "501 students in a workbook": ("s.xlsx", a_workbook(["SSID", *ssids(501)]), "too_many_students", None),
    "20,000 students": ("s.xlsx", a_workbook(ssids(20_000)), "too_many_students", None),
    "latin-1": ("s.csv", a_csv([*TWELVE, "José"], encoding="latin-1"), "upload_unreadable", None),
    "utf-16 without a mark": ("s.csv", a_csv(TWELVE, encoding="utf-16-le"), "upload_unreadable", None),
    "an open quote": ("s.csv", a_csv([*TWELVE, '"8391045527']), "upload_unreadable", None),
    "a huge field": ("s.csv", b'"' + b"8" * 200_000 + b'"', "upload_unreadable", None),
    "an old or encrypted workbook": ("s.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "upload_unreadable", None),
    "an encrypted one called new": ("s.xlsx", b"\xd0\xcf\x11\xe0" + b"x" * 99, "upload_unreadable", None),
    "a picture": ("s.png", b"\x89PNG", "upload_unreadable", None),
    "half a workbook": ("s.xlsx", LISTED[: len(LISTED) // 2], "upload_unreadable", None),
    "a zip of something else": ("s.xlsx", _bomb(3)[:4] + b"x" * 40, "upload_unreadable", None),
    "macros": ("s.xlsx", with_parts(LISTED, {"xl/vbaProject.bin": b"x"}), "upload_unreadable", None),
    "entities": ("s.xlsx", _laughs(), "upload_unreadable", None),
    "broken xml": ("s.xlsx", with_parts(LISTED, {SHEET: b"<worksheet><row>"}), "upload_unreadable", None),
    "no sheet": ("s.xlsx", with_parts(LISTED, {SHEET: b"<x/>"}), "upload_too_small", None),
    "a place that is none": (
        "s.xlsx",
        with_parts(LISTED, {SHEET: b'<worksheet><row r="x"><c r="1A"><v>1</v></c></row></worksheet>'}),
        "upload_unreadable",
        None,
    ),
    "a cell at the far end": ("s.xlsx", a_workbook(["8391045527"], top=1_048_575), "upload_unreadable", None),
    "the same part twice": ("s.xlsx", _twice_the_same_part(), "upload_unreadable", None),
    "encrypted parts": ("s.xlsx", _encrypted_flag(), "upload_unreadable", None),
    "a zip bomb": ("s.xlsx", _bomb(), "upload_too_large", None),
    "a zip bomb that lies": ("s.xlsx", _lying_bomb(), "upload_unreadable", None),
    "a thousand parts": (
        "s.xlsx",
        with_parts(LISTED, {f"xl/media/{n}.png": b"" for n in range(1000)}),
        "upload_too_large",
        None,
    ),
}


@pytest.mark.parametrize("case", BAD)
async def test_a_bad_file_is_refused_whole_and_nothing_of_it_is_kept_or_told(api: Api, case: str) -> None:
    name, content, code, place = BAD[case]
    url = await drafted(api)
    answer = await sent(api, url, name, content)
    told = answer.json()
    assert told["code"] == code, answer.text
    assert answer.status_code == (413 if code == "upload_too_large" else 422)
    if place is not None:
        assert place in [error["pointer"] for error in told["errors"]]
    assert [
        word for word in (*TWELVE, *(one[1:] for one in TWELVE), "Ann", "王") if word in answer.text
    ] == []
    assert api.facts() == ["Drafted"]
    assert api.vault.sealed == []


async def test_a_16_all_wrong_rows_are_told_at_once_by_their_cells(api: Api) -> None:
    rows = ["SSID", *TWELVE, "391045527", "12", TWELVE[0], TWELVE[1]]
    answer = await sent(api, await drafted(api), "s.xlsx", a_workbook(rows))
    assert answer.json()["code"] == "invalid_ssid"
    assert [(error["pointer"], error["code"]) for error in answer.json()["errors"]] == [
        ("A14", "invalid_ssid"),
        ("A15", "invalid_ssid"),
        ("A16", "duplicate_ssid"),
        ("A17", "duplicate_ssid"),
    ]
    assert "leading zero" in answer.json()["errors"][0]["detail"]
    assert "A2" in answer.json()["errors"][2]["detail"]


async def test_the_file_and_the_stated_number_agree(api: Api) -> None:
    url = await drafted(api, student_count=13)
    answer = await sent(api, url, "s.csv", a_csv(TWELVE))
    assert (answer.status_code, answer.json()["code"]) == (422, "student_count_mismatch")
    assert (await sent(api, url, "s.csv", a_csv(ZEROS))).status_code == 200


@pytest.mark.parametrize("count", [11, 500])
async def test_a_15_eleven_to_five_hundred_students_are_listed(api: Api, count: int) -> None:
    url = await drafted(api)
    answer = await sent(api, url, "s.xlsx", a_workbook(["SSID", *ssids(count)]))
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert [one["ssid_masked"] for one in answer.json()["students"]] == [
        f"******{s[-4:]}" for s in ssids(count)
    ]
    read = await api.http.get(f"{url}/students", headers=MINE)
    assert read.json()["ssids"] == ssids(count)


async def test_the_same_upload_again_gets_the_first_answer_again(api: Api) -> None:
    url, keyed = await drafted(api), {**MINE, "Idempotency-Key": "u-1"}
    first = await sent(api, url, "s.csv", a_csv(TWELVE), keyed)
    again = await sent(api, url, "s.csv", a_csv(TWELVE), keyed)
    assert (again.status_code, again.content) == (200, first.content)
    other = await sent(api, url, "s.csv", a_csv(ZEROS), keyed)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert api.facts() == ["Drafted", "StudentsListed"]


async def test_a_file_is_for_drafts_of_those_who_file(api: Api) -> None:
    url = await drafted(api)
    seen = {
        actor.sub: (await sent(api, url, "s.csv", a_csv(TWELVE), bearer(actor))).status_code
        for actor in (OTHER_LEA_COORDINATOR, TEST_ADMINISTRATOR, AUDITOR)
    }
    assert seen == {"lea-2": 404, "ta-1": 403, "audit-1": 403}
    stale = await sent(api, url, "s.csv", a_csv(TWELVE), {**MINE, "If-Match": '"7"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version_conflict")


async def test_a_form_holds_one_file_and_nothing_else(api: Api) -> None:
    url = f"{await drafted(api)}/students/upload"
    one = ("file", ("s.csv", a_csv(TWELVE)))
    beside = await api.http.post(url, files=[one], data={"name": "Ann Lee"}, headers=MINE)
    twice = await api.http.post(url, files=[one, one], headers=MINE)
    for answer in (beside, twice):
        assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")
        assert "Ann" not in answer.text
    assert api.vault.sealed == []


async def test_a_request_without_a_file_or_with_too_large_a_one_is_refused(api: Api) -> None:
    url = await drafted(api)
    nothing = await api.http.post(f"{url}/students/upload", files={"names": b"Ann"}, headers=MINE)
    assert (nothing.status_code, nothing.json()["code"]) == (422, "validation_failed")
    large = await sent(api, url, "s.csv", b"8391045527\n" * 100_000)
    assert (large.status_code, large.json()["code"]) == (413, "upload_too_large")


DIGITS = st.from_regex(r"[0-9]{10}", fullmatch=True)
LISTS = st.lists(DIGITS, min_size=11, max_size=24, unique=True)


@settings(max_examples=50)
@given(
    LISTS, st.booleans(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]), st.sampled_from(["\n", "\r\n"])
)
def test_whatever_ssids_are_written_they_are_read_back(
    listed: list[str], header: bool, encoding: str, end: str
) -> None:
    content = a_csv([*(["SSID"] if header else []), *listed], encoding=encoding, end=end)
    assert read(content, stated=len(listed)) == listed


@given(st.binary(max_size=400), st.sampled_from([b"", b"PK\x03\x04"]))
def test_whatever_is_sent_is_read_or_refused(content: bytes, start: bytes) -> None:
    with contextlib.suppress(Refusal):
        assert len(read(start + content)) >= 11


@given(st.integers(min_value=0, max_value=len(LISTED) - 1), st.integers(min_value=1, max_value=255))
def test_a_workbook_with_any_byte_changed_is_read_or_refused(at: int, change: int) -> None:
    content = bytearray(LISTED)
    content[at] ^= change
    with contextlib.suppress(Refusal):
        assert read(bytes(content))


def test_dates_of_a_workbook_are_no_ssids() -> None:
    def draw(sheet: Any) -> None:  # noqa: ANN401 - the library has no types
        for at, one in enumerate(TWELVE):
            sheet.write_string(at, 0, one)
        sheet.write_datetime(12, 0, datetime.datetime(2019, 4, 12), None)  # noqa: DTZ001 - Excel has no zones

    with pytest.raises(Refusal) as refused:
        read(drawn(draw))
    assert refused.value.code == "invalid_ssid"
