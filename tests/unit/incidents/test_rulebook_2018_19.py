"""The rulebook 2018-19 says what docs/domain says (§4.3–§4.6), type by type."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from services.incidents.domain.conditions import Circumstances
from services.incidents.domain.details import DetailKind
from services.incidents.domain.rulebook import Reporting
from services.incidents.domain.values import AppealType, DeliveryMode, PreAction, RecommendedAction, Severity
from tests.support.incidents.bodies import (
    Body,
    a_body,
    changed_answers,
    charts_on_walls,
    cheating,
    fire_drill,
    illness,
    instagram,
    left_room,
    swapped_logons,
)
from tests.support.incidents.states import LIBRARY, RULES, stated

LOW, MEDIUM, HIGH = Severity.IMPROPRIETY, Severity.IRREGULARITY, Severity.BREACH
NOTHING, APPEAL, WAIT = (
    RecommendedAction.NO_ACTION_REQUIRED,
    RecommendedAction.CONTINUE_TO_SUBMIT_APPEAL,
    RecommendedAction.WAIT_FOR_CDE_RESPONSE,
)
NUMBERS = {
    LOW: {1, 2, 3, 4, 5, 6, 37, 38},
    MEDIUM: set(range(7, 28)),
    HIGH: set(range(28, 37)),
}
SPECIAL = {37: Reporting.CALTAC_ONLY, 39: Reporting.UNLISTED, 40: Reporting.NOT_REPORTABLE}
ROWS: dict[str, Any] = LIBRARY.document("2018-19")["incident_types"]  # type: ignore[assignment]  # published as it was read
BY_NUMBER = {row["number"]: code for code, row in ROWS.items()}


def test_all_forty_codes_are_there() -> None:
    assert set(BY_NUMBER) == set(range(1, 41))
    assert len(ROWS) == 40


def test_every_severity_is_the_catalogs() -> None:
    found = {
        severity: {
            row["number"]
            for code, row in ROWS.items()
            if [ruling.value for ruling in RULES.type_of(code).severity] == [severity]
        }
        for severity in Severity
    }
    assert found == NUMBERS


def test_special_codes_end_elsewhere() -> None:
    found = {
        number: RULES.type_of(code).reporting
        for number, code in BY_NUMBER.items()
        if RULES.type_of(code).reporting is not Reporting.ORDINARY
    }
    assert found == SPECIAL


def test_hr10_exactly_these_are_copied_to_the_cde() -> None:
    copied = {number for number, code in BY_NUMBER.items() if RULES.type_of(code).cde_copy}
    assert copied == {7, 16, 17, 26, *range(28, 35)}


def test_hr11_caltac_is_phoned_for_social_media_only_and_the_cde_for_every_other_breach() -> None:
    phoned = {
        number: [ruling.value for ruling in RULES.type_of(code).pre_action]
        for number, code in BY_NUMBER.items()
        if RULES.type_of(code).pre_action
    }
    cde, caltac = [PreAction.CALL_CDE], [PreAction.CALL_CALTAC]
    assert phoned == {28: caltac, 29: caltac, **dict.fromkeys(range(30, 37), cde)}


def test_the_appeals_of_each_type_are_the_catalogs() -> None:
    found: dict[str, set[int]] = {}
    for number, code in BY_NUMBER.items():
        for ruling in RULES.type_of(code).appeals:
            found.setdefault(ruling.value, set()).add(number)
    assert found == {
        "invalidate": {7, 8, 9, 17, 21, 22, 23, 24, 25, 28, 30, 35},
        "reset": {18, 19, 20, 23, 24},
        "re_open": {2, 3, 10, 26, 38},
        "grace_period_extension": {10, 27},
        "restore": {37},
    }


def test_pairs_are_asked_for_where_work_was_swapped() -> None:
    assert {n for n, code in BY_NUMBER.items() if RULES.type_of(code).asks_for_pairs} == {16, 17}


def test_every_detail_says_what_it_means_and_ssids_are_in_pairs_only() -> None:
    details = [detail for code in ROWS for detail in RULES.type_of(code).details.values()]
    assert all(detail.meaning for detail in details)
    assert {detail.kind for detail in details} == set(DetailKind) - {DetailKind.SSID}


Expected = tuple[Severity, RecommendedAction, PreAction | None, tuple[str, ...], bool]

EXAMPLES: dict[str, tuple[Body, Expected]] = {
    "E12 fire drill, CAT, 35 minutes": (
        fire_drill(),
        (MEDIUM, APPEAL, None, ("grace_period_extension",), False),
    ),
    "E12 the same on a PT": (
        fire_drill(test="sb_ela_pt", details={"minutes_paused": 35, "test_expired": False}),
        (MEDIUM, NOTHING, None, (), False),
    ),
    "E11 paused for 20 minutes exactly": (
        fire_drill(details={"minutes_paused": 20, "test_expired": False}),
        (MEDIUM, NOTHING, None, (), False),
    ),
    "A-11 CAST, discrete block": (
        fire_drill(
            test="cast",
            details={"minutes_paused": 21, "affected_part": "discrete_block", "test_expired": False},
        ),
        (MEDIUM, APPEAL, None, ("grace_period_extension",), False),
    ),
    "A-11 CAST, performance task": (
        fire_drill(test="cast", details={"minutes_paused": 21, "affected_part": "pt"}),
        (MEDIUM, APPEAL, None, ("re_open",), False),
    ),
    "E15 a long lunch": (
        fire_drill(details={"cause": "other_within_control", "minutes_paused": 35, "test_expired": False}),
        (MEDIUM, NOTHING, None, (), False),
    ),
    "§5.7 nobody said whether it expired": (
        fire_drill(details={"minutes_paused": 35}),
        (MEDIUM, APPEAL, None, ("grace_period_extension", "re_open"), False),
    ),
    "A-20 on paper": (
        fire_drill(delivery_mode="paper", details={"minutes_paused": 35}),
        (MEDIUM, NOTHING, None, (), False),
    ),
    "E16 student ill": (illness(), (LOW, APPEAL, None, ("re_open",), False)),
    "E17 the wrong test, cannot be finished": (
        a_body("test_started_unintentionally", details={"can_finish_in_time": False}),
        (LOW, APPEAL, None, ("re_open",), False),
    ),
    "E18 the wrong test, can be finished": (
        a_body("test_started_unintentionally", details={"can_finish_in_time": True}),
        (LOW, NOTHING, None, (), False),
    ),
    "E19 wrong settings": (a_body("incorrect_test_settings"), (MEDIUM, APPEAL, None, ("reset",), False)),
    "E26 cheating": (cheating(), (MEDIUM, APPEAL, None, ("invalidate",), True)),
    "E30 Instagram": (instagram(), (HIGH, APPEAL, PreAction.CALL_CALTAC, ("invalidate",), True)),
    "E30 by somebody unknown": (
        instagram(ssids=None),
        (HIGH, WAIT, PreAction.CALL_CALTAC, (), True),
    ),
    "E31 changed answers": (
        changed_answers(),
        (HIGH, APPEAL, PreAction.CALL_CDE, ("invalidate",), False),
    ),
    "E34 live interface used for practice": (
        a_body("accidental_summative_access", details={"can_finish_in_time": True}),
        (MEDIUM, NOTHING, None, (), True),
    ),
    "E38 charts on walls": (charts_on_walls(), (LOW, NOTHING, None, (), False)),
    "E39 left the room": (left_room(), (LOW, NOTHING, None, (), False)),
    "E42 the wrong script": (a_body("wrong_script_or_directions"), (MEDIUM, NOTHING, None, (), False)),
    "HR-06 swapped logons": (swapped_logons(), (MEDIUM, WAIT, None, (), True)),
    "§4.4 #19 a glossary": (
        a_body("designated_support_not_provided", details={"language_resource": True}),
        (MEDIUM, APPEAL, None, ("reset",), False),
    ),
    "§4.4 #19 another support": (
        a_body("designated_support_not_provided", details={"language_resource": False}),
        (MEDIUM, NOTHING, None, (), False),
    ),
    "§4.4 #23 the test was given": (
        a_body("unindicated_designated_support", details={"how": "given_during_test"}),
        (MEDIUM, APPEAL, None, ("invalidate",), False),
    ),
    "§4.4 #23 caught before": (
        a_body("unindicated_designated_support", details={"how": "set_wrongly_and_caught"}),
        (MEDIUM, APPEAL, None, ("reset",), False),
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_worked_examples_are_judged_as_the_manual_says(name: str) -> None:
    body, expected = EXAMPLES[name]
    report, students = stated(body)
    found = RULES.assess(report.incident_type, report.circumstances(RULES, len(students)))
    assert (
        found.severity,
        found.recommended_action,
        found.pre_action,
        tuple(map(str, found.appeal_types)),
        found.cde_copy,
    ) == expected


def test_the_severity_comes_with_its_reason_and_the_rulebooks_version() -> None:
    report, _ = stated(left_room())
    found = RULES.assess("student_left_room", report.circumstances(RULES, 0))
    assert vars(found.severity_reason) == {
        "rule": "student_left_room.severity",
        "rulebook": "2018-19",
        "source": "S 29; M p45",
        "text": "A student leaves the test room: unusual, but of low impact on those testing; "
        "contained locally",
    }
    assert found.rulebook_version == LIBRARY.version("2018-19")


def test_no_re_open_is_offered_for_a_paper_version() -> None:
    report, _ = stated(illness(test="sb_ela_paper"))
    online: Circumstances = report.circumstances(RULES, 1)
    on_paper = replace(report, delivery_mode=DeliveryMode.PAPER).circumstances(RULES, 1)
    for circumstances in (online, on_paper):
        offered = RULES.assess(report.incident_type, circumstances).appeal_types
        assert AppealType.RE_OPEN not in offered


def test_a_year_without_a_rulebook_is_decided_by_the_default_years() -> None:
    assert LIBRARY.for_year("2026-27") is RULES
    assert LIBRARY.for_year(None) is RULES
