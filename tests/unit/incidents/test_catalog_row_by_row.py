"""The catalog of docs/domain (§4.3–§4.6), typed from it row by row, against the rulebooks; and §4.10 by year.

This table is independent of the rulebook's files on purpose: whoever changes a rule changes it in both
places, with docs/domain open.
"""

from __future__ import annotations

from itertools import product

import pytest

from services.incidents.domain.errors import NotReportable, UnknownIncidentType
from services.incidents.domain.rulebook import IncidentType, Reporting, Rulebook
from services.incidents.domain.values import PreAction, RecommendedAction, Severity
from services.incidents.rulebooks.entries import TypeEntry
from shared.kernel.actor import Role
from tests.support.incidents.states import LIBRARY, RULES

# number code | severity category/about | appeals | recommended actions | CDE copy | call | own details
CATALOG = """
1 student_no_effort | low student/students | - | none | - | - | -
2 test_expired_absence_or_closure | low availability/students | re_open | appeal none | - | - | started_on expired_on reason planned_return_on
3 test_started_unintentionally | low availability/students | re_open | appeal none | - | - | test_intended started_on can_finish_in_time
4 student_disruption | low student/students | - | none | - | - | session
5 student_left_room | low student/students | - | none | - | - | -
6 instructional_materials_displayed | low administrator/session | - | none | - | - | room what_was_visible
7 student_cheating | medium student/students | invalidate | appeal | copy | - | what_was_done finished_test
8 unauthorized_internet_or_software | medium technology/students | invalidate | appeal | - | - | site_or_program
9 unauthorized_device | medium student/students | invalidate | appeal | - | - | device content_captured
10 session_disruption | medium environment/session | grace_period_extension re_open | appeal none | - | - | cause disruption_started_at disruption_ended_at minutes_paused affected_part test_expired
11 unqualified_administration | medium administrator/adult | - | none | - | - | person_role session
12 incorrect_instructions | medium administrator/session | - | none | - | - | what_was_said
13 wrong_script_or_directions | medium administrator/session | - | none | - | - | script_used test_given
14 credentials_shared | medium administrator/adult | - | none | - | - | system password_reset
15 testing_past_window | medium administrator/session | - | wait | - | - | end_date test_date
16 access_to_other_student_work_unintentional | medium administrator/students | - | wait | copy | - | pairs parts_completed
17 access_to_other_student_work_intentional | medium administrator/adult | invalidate | appeal | copy | - | pairs adult_role
18 iep_504_support_not_provided | medium test_settings/students | reset | appeal | - | - | resource plan_type settings_corrected
19 designated_support_not_provided | medium test_settings/students | reset | appeal none | - | - | resource language_resource
20 incorrect_test_settings | medium test_settings/students | reset | appeal | - | - | setting_wrong setting_right corrected_on items_answered
21 coaching_or_assistance | medium administrator/adult | invalidate | appeal | - | - | adult_role nature_of_help
22 nonallowable_materials_or_supports | medium administrator/students | invalidate | appeal | - | - | item
23 unindicated_designated_support | medium test_settings/students | invalidate reset | appeal | - | - | resource how
24 inappropriate_accommodation | medium test_settings/students | invalidate reset | appeal | - | - | resource how
25 other_person_logged_on | medium administrator/students | invalidate | appeal | - | - | who_logged_on
26 accidental_summative_access | medium administrator/students | re_open | appeal none | copy | - | intended_test items_answered planned_completion_on can_finish_in_time
27 forbidden_application_launched | medium technology/students | grace_period_extension | appeal none | - | - | program minutes_paused beyond_control
28 social_media_exposure_student | high materials/students | invalidate | appeal wait | copy | caltac | platform url_or_handle found_at still_visible
29 social_media_exposure_adult | high materials/adult | - | wait | copy | caltac | platform url_or_handle found_at still_visible adult_role
30 secure_content_copied_or_discussed_student | high materials/students | invalidate | appeal | copy | cde | what how copies_recovered
31 secure_content_copied_or_discussed_adult | high materials/adult | - | wait | copy | cde | what adult_role audience
32 secure_materials_taken_or_unsecured | high materials/materials | - | wait | copy | cde | material count where recovered
33 secure_materials_removed | high materials/materials | - | wait | copy | cde | material count where recovered
34 secure_materials_shared_with_media | high materials/adult | - | wait | copy | cde | outlet what_was_seen
35 responses_or_records_modified | high administrator/adult | invalidate | appeal | - | cde | adult_role how_found
36 secure_browser_workaround | high technology/session | - | wait | - | cde | device operating_system browser_version steps
37 test_reset_in_error | low availability/students | restore | caltac | - | - | reset_on
38 test_submitted_prematurely | low availability/students | re_open | appeal none | - | - | submitted_on
39 unlisted_incident | - other/session | - | caltac | - | - | -
40 lost_student_logon_information | - materials/materials | - | none | - | - | -
"""  # noqa: E501 - one row of docs/domain, one line
SOURCES = {
    "S 29": (1, 2, 3, 4, 5, 6),
    "S 32": (7, 8, 9, 10, 11, 12, 14, 15, 16, 18),
    "S 33": (17, 19, 21, 22, 23, 24, 25),
    "S 36": (28, 29, 30, 31, 32, 33, 34, 35),
    "S 35": (36,),
    "M p86": (13,),
    "M p94, p150": (20,),
    "M p48": (26,),
    "M p247": (27,),
    "M p50, p231": (37,),
    "M p57, p230": (38,),
    "M p49": (39,),
    "M p95": (40,),
}
# which cells docs/domain derives: a(ppeals), r(ecommended action), c(de copy), s(everity); all else is stated
DERIVED = {
    "": (2, 3, 10, 18, 20, 26, 37, 39, 40),
    "r": (1, 4, 5, 6, 11, 12, 14, 15, 16, 19, 29, 31, 32, 33, 34),
    "a r": (7, 17, 21, 22, 23, 24, 25, 28, 30, 35),
    "a r c": (8, 9),
    "s r": (13, 27, 36),
    "s": (38,),
}
LETTERS = {"appeals": "a", "recommended_action": "r", "cde_copy": "c", "severity": "s"}
SHORT = {
    "impropriety": "low",
    "irregularity": "medium",
    "breach": "high",
    "no_action_required": "none",
    "continue_to_submit_appeal": "appeal",
    "wait_for_cde_response": "wait",
    "contact_caltac": "caltac",
    "call_cde": "cde",
    "call_caltac": "caltac",
}
ROWS = [line for line in CATALOG.splitlines() if line]
EARLY, LATER = LIBRARY.for_year("2015-16"), LIBRARY.for_year("2020-21")


def as_typed(number: int, row: IncidentType) -> str:
    def words(values: list[str]) -> str:
        return " ".join(SHORT.get(value, value) for value in values) or "-"

    cells = (
        f"{number} {row.code}",
        f"{words([r.value for r in row.severity])} {row.category}/{row.about}",
        words([r.value for r in row.appeals]),
        words([r.value for r in row.recommended_action]),
        "copy" if row.cde_copy else "-",
        words([r.value for r in row.pre_action]),
        words(list(row.details)),
    )
    return " | ".join(cells)


def entry(code: str, year: str = "2018-19") -> TypeEntry:
    types = LIBRARY.document(year)["incident_types"]
    assert isinstance(types, dict)
    return TypeEntry.model_validate(types[code])


@pytest.mark.parametrize("typed", ROWS, ids=lambda typed: typed.split(" | ")[0].split()[1])
def test_a_row_of_the_rulebook_is_the_row_of_the_domain(typed: str) -> None:
    code = typed.split(" | ", maxsplit=1)[0].split()[1]
    assert as_typed(entry(code).number, RULES.type_of(code)) == typed


@pytest.mark.parametrize("source", SOURCES)
def test_a_row_names_the_source_of_the_domain(source: str) -> None:
    by_number = {found.number: found for found in map(entry, RULES.incident_types)}
    parts = source.split(", ")
    missing = [n for n in SOURCES[source] if not all(part in by_number[n].source for part in parts)]
    assert missing == []


def test_every_row_has_a_source_that_is_checked_here() -> None:
    assert sorted(number for numbers in SOURCES.values() for number in numbers) == list(range(1, 41))


def test_a_row_marks_the_cells_that_the_domain_derives() -> None:
    expected = {number: set(letters.split()) for letters, numbers in DERIVED.items() for number in numbers}
    entries = [entry(code) for code in RULES.incident_types]
    assert {one.number: {LETTERS[cell] for cell in one.derived} for one in entries} == expected
    assert {one.basis for one in entries} == {"stated"}


def severity(rules: Rulebook, code: str) -> Severity:
    return rules.assess(code, {}).severity


@pytest.mark.parametrize(
    ("code", "severities"),
    [
        ("accidental_summative_access", ("high", "medium", "high")),
        ("instructional_materials_displayed", ("low", "low", "medium")),
        ("session_disruption", ("medium", "medium", "low")),
        ("unqualified_administration", ("medium", "medium", "low")),
        ("incorrect_instructions", ("medium", "medium", "low")),
        ("credentials_shared", ("medium", "medium", "low")),
        ("testing_past_window", ("medium", "medium", "low")),
        ("student_cheating", ("medium", "medium", "medium")),
        ("student_left_room", ("low", "low", "low")),
    ],
)
def test_a_7_severities_by_year_are_those_of_4_10(code: str, severities: tuple[str, ...]) -> None:
    assert tuple(SHORT[severity(rules, code)] for rules in (EARLY, RULES, LATER)) == severities


@pytest.mark.parametrize("rules", [EARLY, RULES, LATER], ids=lambda rules: rules.year)
@pytest.mark.parametrize("delivery_mode", ["online", "paper"])
def test_a_20_nobody_is_told_to_appeal_where_no_appeal_is_offered(
    rules: Rulebook, delivery_mode: str
) -> None:
    filed = [code for code, row in rules.incident_types.items() if row.reporting is Reporting.ORDINARY]
    for code, test, students in product(filed, rules.tests, (0, 1)):
        said: dict[str, object] = {"test": test, "test_kind": rules.tests[test].kind, "students": students}
        found = rules.assess(code, {**said, "delivery_mode": delivery_mode})
        told = found.recommended_action is RecommendedAction.CONTINUE_TO_SUBMIT_APPEAL
        assert told is bool(found.appeal_types), (code, test, students)


def test_a_5_lost_logon_information_is_a_breach_in_2015_16_only() -> None:
    code = "lost_student_logon_information"
    lost = EARLY.assess(code, {})
    assert (lost.severity, lost.pre_action) == (Severity.BREACH, PreAction.CALL_CDE)
    assert EARLY.reportable_type(code, by_caltac=False).code == code
    for rules in (RULES, LATER):
        with pytest.raises(NotReportable):
            rules.reportable_type(code, by_caltac=False)


def test_a_6_accidental_access_is_phoned_where_it_is_a_breach() -> None:
    calls = [rules.assess("accidental_summative_access", {}).pre_action for rules in (EARLY, RULES, LATER)]
    assert calls == [PreAction.CALL_CDE, None, PreAction.CALL_CALTAC]


def test_every_breach_of_2020_21_is_phoned_to_caltac() -> None:
    calls = {row.pre_action[0].value for row in LATER.incident_types.values() if row.pre_action}
    assert calls == {PreAction.CALL_CALTAC}


def test_hr11_a_site_coordinator_may_phone_in_2015_16_only() -> None:
    site = [Role.SITE_COORDINATOR in rules.breach_callers for rules in (EARLY, RULES, LATER)]
    assert site == [True, False, False]


@pytest.mark.parametrize(
    ("answered", "test", "appeals"),
    [
        (9, "sb_math_cat", ["reset"]),
        (10, "sb_math_cat", []),
        (0, "sb_math_pt", ["reset"]),
        (1, "sb_math_pt", []),
    ],
)
def test_the_reset_thresholds_of_later_editions(answered: int, test: str, appeals: list[str]) -> None:
    said: dict[str, object] = {"details.items_answered": answered, "details.can_finish_in_time": True}
    said |= {"test": test, "test_kind": LATER.tests[test].kind, "delivery_mode": "online"}
    assert LATER.assess("accidental_summative_access", said).appeal_types == tuple(appeals)
    assert RULES.assess("accidental_summative_access", said).appeal_types == ()


def test_the_extension_types_exist_in_2020_21_only() -> None:
    extensions = set(LATER.incident_types) - set(RULES.incident_types)
    assert extensions == {
        "incorrect_ssid_used",
        "incorrect_assessment_administered",
        "incorrect_session_type",
        "remote_interference",
        "data_entry_error",
        "adult_granted_unauthorized_access",
    }
    assert set(EARLY.incident_types) == set(RULES.incident_types)
    with pytest.raises(UnknownIncidentType):
        RULES.type_of("remote_interference")


def test_the_tests_of_2015_16_are_smarter_balanced_and_the_named_papers() -> None:
    kinds = {test.kind for test in EARLY.tests.values()}
    assert kinds == {"cat", "pt", "paper"}
    assert {"capa_paper", "sts_paper"} <= set(EARLY.tests)
