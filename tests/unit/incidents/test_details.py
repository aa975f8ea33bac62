"""What a type asks for: judged as it came, sealed before it is kept."""

from __future__ import annotations

import pytest

from services.incidents.domain.conditions import ALWAYS
from services.incidents.domain.details import (
    Detail,
    DetailKind,
    missing_details,
    sealed,
    ssids_in,
    students_in,
    wrong_details,
)
from services.incidents.domain.values import LAST_OF_A_YEAR, administration_year
from services.incidents.rulebooks.reading import NEVER
from tests.support.incidents.bodies import FIRST, SECOND
from tests.support.incidents.states import LIBRARY, NOON, VAULT

ASKED = {
    "what": Detail("what", DetailKind.TEXT, "What"),
    "count": Detail("count", DetailKind.INTEGER, "How many"),
    "on": Detail("on", DetailKind.DATE, "When"),
    "at": Detail("at", DetailKind.INSTANT, "When exactly"),
    "done": Detail("done", DetailKind.BOOLEAN, "Whether", required=NEVER),
    "why": Detail("why", DetailKind.CHOICE, "Why", ("ill", "away")),
    "who": Detail("who", DetailKind.SSID, "Who"),
    "pairs": Detail("pairs", DetailKind.SSID_PAIRS, "Who as whom"),
}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("what", "a slip of paper"),
        ("count", 0),
        ("on", "2019-02-28"),
        ("at", "2019-04-12T10:00:00-07:00"),
        ("done", False),
        ("why", "ill"),
        ("who", FIRST),
        ("pairs", [{"logon_ssid": FIRST, "tested_ssid": SECOND}]),
        ("what", None),
    ],
)
def test_a_detail_of_its_kind_is_taken(name: str, value: object) -> None:
    assert wrong_details({name: value}, ASKED) == []


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("what", 3, "wrong_type"),
        ("what", "x" * 4001, "too_long"),
        ("count", "3", "wrong_type"),
        ("count", True, "wrong_type"),
        ("count", 1.5, "wrong_type"),
        ("count", -1, "out_of_range"),
        ("count", 10**30, "out_of_range"),
        ("on", "2019-02-29", "bad_date"),
        ("on", "20190228", "bad_date"),
        ("on", 20190228, "bad_date"),
        ("on", "2019-W14-1", "bad_date"),
        ("on", "0001-01-01", "bad_date"),
        ("at", "2019-04-12T10:00:00", "bad_instant"),
        ("at", "2019-04-12", "bad_instant"),
        ("at", 1555088400, "bad_instant"),
        ("at", "2019-W15-5T10:00:00Z", "bad_instant"),
        ("at", "20190412T100000Z", "bad_instant"),
        ("at", "9999-12-31T23:59:59-23:59", "bad_instant"),
        ("done", "false", "wrong_type"),
        ("why", "bored", "unknown_choice"),
        ("why", ["ill"], "unknown_choice"),
        ("who", "123456789", "invalid_ssid"),
        ("who", "١٢٣٤٥٦٧٨٩٠", "invalid_ssid"),
        ("who", 1234567890, "invalid_ssid"),
        ("pairs", "none", "wrong_type"),
        ("pairs", [FIRST], "wrong_type"),
        ("pairs", [{"logon_ssid": FIRST}], "wrong_type"),
        ("pairs", [{"logon_ssid": FIRST, "tested_ssid": "Ann"}], "invalid_ssid"),
        ("pairs", [{"logon_ssid": FIRST, "tested_ssid": FIRST}], "duplicate_ssid"),
        ("unasked", "x", "unknown_property"),
    ],
)
def test_a_detail_of_another_kind_is_not(name: str, value: object, code: str) -> None:
    assert [issue.code for issue in wrong_details({name: value}, ASKED)] == [code]


def test_what_is_wrong_is_pointed_at_and_never_repeated() -> None:
    (issue,) = wrong_details({f"a/b~{FIRST}": "x"}, ASKED)
    assert issue.pointer == "/details/a~1b~0**********"
    (issue,) = wrong_details({"pairs": [{"logon_ssid": FIRST, "tested_ssid": "1"}]}, ASKED)
    assert issue.pointer == "/details/pairs/0/tested_ssid"


def test_missing_is_what_is_required_and_was_not_said() -> None:
    asked = {name: ASKED[name] for name in ("what", "count", "done", "pairs")}
    missing = missing_details({"what": "", "count": 0, "pairs": []}, asked, {})
    assert [issue.pointer for issue in missing] == ["/details/what", "/details/pairs"]
    assert ASKED["what"].required is ALWAYS


@pytest.mark.parametrize("blank", [None, "", " ", "\t\n", "\u00a0"])
def test_blanks_alone_say_nothing(blank: object) -> None:
    [issue] = missing_details({"what": blank}, {"what": ASKED["what"]}, {})
    assert (issue.pointer, issue.code) == ("/details/what", "missing")


@pytest.mark.parametrize(
    ("came", "kept"),
    [
        ("2019-04-12T10:00:00-07:00", "2019-04-12T17:00:00Z"),
        ("2019-04-12t17:00:00.5z", "2019-04-12T17:00:00.500000Z"),
    ],
)
def test_an_instant_in_details_is_kept_in_utc(came: str, kept: str) -> None:
    assert sealed({"at": came}, ASKED, {}) == {"at": kept}


def test_every_ssid_in_details_is_sealed_and_found_again() -> None:
    details = {"what": "x", "who": FIRST, "pairs": [{"logon_ssid": FIRST, "tested_ssid": SECOND}], "on": None}
    plain = list(ssids_in(details, ASKED))
    assert plain == [FIRST, FIRST, SECOND]
    kept = sealed(details, ASKED, {ssid: VAULT.seal_one(ssid) for ssid in plain})
    assert FIRST not in str(kept)
    assert "on" not in kept
    refs = [student.student_ref for student in students_in(kept)]
    assert refs == [VAULT.ref(FIRST), VAULT.ref(FIRST), VAULT.ref(SECOND)]


@pytest.mark.parametrize(
    ("instant", "year"),
    [
        ("2018-07-16T06:59:59+00:00", "2017-18"),
        ("2018-07-16T07:00:00+00:00", "2018-19"),
        ("2019-07-15T23:59:59-07:00", "2018-19"),
        ("2099-12-31T12:00:00+00:00", "2099-00"),
    ],
)
def test_the_administration_year_turns_after_july_15_in_california(instant: str, year: str) -> None:
    assert administration_year(NOON.fromisoformat(instant).astimezone(NOON.tzinfo)) == year


@pytest.mark.parametrize("year", ["2015-16", "2018-19", "2019-20", "2020-21"])
def test_the_year_turns_where_its_windows_end_at_the_latest(year: str) -> None:
    latest = LIBRARY.for_year(year).testing_window.latest
    assert (latest.month, latest.day) == LAST_OF_A_YEAR
