"""What the mails say (N1-N8, N11; E26, E30, E38): every kind in every state, nothing undefined, no SSID."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from services.notifications.domain.occasions import Occasion, Somebody
from services.notifications.domain.values import MessageKind
from services.notifications.rulebooks.mail_writer import TEMPLATES, TemplateMailWriter
from services.notifications.rulebooks.policy import known_years, policy_of
from tests.support.notifications.states import (
    AGENT,
    EVERY_KIND_AND_STATE,
    LEADER,
    SITE,
    a_breach_identified,
    a_concern_recorded,
    a_reopened_test,
    a_submitted_case,
    an_appeal_approved,
    an_appeal_denied,
    an_appeal_requested,
    an_appeal_withdrawn,
)

CANARY = "8412345678"
APPEAL_TYPES = ("reset", "re_open", "invalidate", "restore", "grace_period_extension")
ACTIONS = (
    "no_action_required",
    "continue_to_submit_appeal",
    "wait_for_cde_response",
    "contact_caltac",
    "call_cde",
)
NAMES = [f"{kind.value}-{occasion.state}" for kind, occasion in EVERY_KIND_AND_STATE]
letters = TemplateMailWriter()


@pytest.mark.parametrize(("kind", "occasion"), EVERY_KIND_AND_STATE, ids=NAMES)
def test_every_kind_in_every_state_has_a_subject_and_both_bodies(
    kind: MessageKind, occasion: Occasion
) -> None:
    content = letters.write(kind, occasion)
    for part in (content.subject, content.body_text, content.body_html):
        assert occasion.case_number is None or occasion.case_number in part
    assert content.subject
    assert "\n" not in content.subject
    assert "Keep this e-mail for at least one year." in content.body_text
    assert "Keep this e-mail for at least one year." in content.body_html


def test_every_letter_of_the_policy_is_rendered_by_these_tests() -> None:
    bound = {(letter.kind, letter.state) for letter in policy_of("2018-19").letters}
    assert bound == {(kind, occasion.state) for kind, occasion in EVERY_KIND_AND_STATE}
    assert {kind for kind, _ in bound} == set(MessageKind)


@pytest.mark.parametrize("action", ACTIONS)
def test_n1_says_what_to_do_next_for_every_recommended_action(action: str) -> None:
    content = letters.write(MessageKind.CASE_SUBMITTED, a_submitted_case(recommended_action=action))
    for step in policy_of("2018-19").recommended_actions[action].steps:
        assert step.split("{{")[0] in content.body_text


def test_n1_gives_the_severity_with_its_reason() -> None:
    text = letters.write(MessageKind.CASE_SUBMITTED, a_submitted_case()).body_text
    assert "Severity: Irregularity (medium)" in text
    assert "Why this severity: Cheating impacts the students testing. (S 32; M p34)" in text


def test_n1_gives_its_deadlines_in_pacific_time() -> None:
    text = letters.write(MessageKind.CASE_SUBMITTED, a_submitted_case()).body_text
    assert "Report due: Tuesday, April 16, 2019, 11:00 a.m. PDT" in text
    assert "within 24 hours of discovery" in text


def test_n1_is_laid_out_for_people() -> None:
    text = letters.write(MessageKind.CASE_SUBMITTED, a_submitted_case()).body_text
    assert "\n\nWhat to do next\n1. File the appeal" in text
    assert "\nSubmitted by: Sia Site (CAASPP test site coordinator)\n" in text


def test_n1_says_when_a_report_is_late() -> None:
    assert (
        "late: more than 24 hours"
        in letters.write(MessageKind.CASE_SUBMITTED, a_submitted_case(late=True)).body_text
    )


def test_n8_the_breach_mail_says_whom_to_phone_at_which_number() -> None:
    social = letters.write(MessageKind.BREACH_CALL_NOW, a_breach_identified())
    assert social.subject == "Call CalTAC now: a security breach was found"
    assert "800-955-2954" in social.body_text
    other = letters.write(MessageKind.BREACH_CALL_NOW, a_breach_identified(call="call_cde"))
    assert (other.subject[:16], "916-445-8765" in other.body_text) == ("Call the CDE now", True)


def test_n7_a_concern_without_a_guess_says_none() -> None:
    content = letters.write(MessageKind.CONCERN_RECORDED, a_concern_recorded(severity_guess=None))
    assert content.subject == "A concern was recorded in STAIRS"
    assert "How severe" not in content.body_text


def test_e38_materials_on_walls_end_in_no_further_action_and_no_phone_call() -> None:
    charts = a_submitted_case(
        incident_title="Instructional materials displayed",
        severity="impropriety",
        recommended_action="no_action_required",
        appeal_types=(),
        student_count=0,
    )
    content = letters.write(MessageKind.CASE_SUBMITTED, charts)
    assert content.subject == "STAIRS case 2018-19-000123 submitted: No further action is required"
    assert "916-445-8765" not in content.body_text


def test_e30_social_media_exposure_names_the_phone_of_caltac_first() -> None:
    post = a_submitted_case(severity="breach", pre_action="call_caltac")
    text = letters.write(MessageKind.CASE_SUBMITTED, post).body_text
    assert "1. If it has not been done yet: the LEA CAASPP coordinator phones CalTAC immediately" in text


def test_hr_13_cheating_gives_nobody_a_number_of_the_cde_to_call() -> None:
    assert "916-445-8765" not in letters.write(MessageKind.CASE_SUBMITTED, a_submitted_case()).body_text


def test_n3_tells_the_cde_by_when_to_decide() -> None:
    text = letters.write(MessageKind.APPEAL_REVIEW_REQUESTED, an_appeal_requested()).body_text
    assert "decide on the appeal in STAIRS by Monday, April 22, 2019, 5:00 p.m. PDT." in text
    assert "Student reference: stu_" in text


@pytest.mark.parametrize("appeal_type", APPEAL_TYPES)
def test_n4_approved_says_what_happens_to_the_test_for_every_type(appeal_type: str) -> None:
    approved = an_appeal_approved(appeal_type=appeal_type)
    text = letters.write(MessageKind.APPEAL_DECIDED, approved).body_text
    assert policy_of("2018-19").appeal_types[appeal_type].approved[0] in text


@pytest.mark.parametrize("appeal_type", APPEAL_TYPES)
def test_n4_denied_gives_the_reason_and_the_way_on_for_every_type(appeal_type: str) -> None:
    text = letters.write(MessageKind.APPEAL_DECIDED, an_appeal_denied(appeal_type=appeal_type)).body_text
    assert "Reason: The wrong appeal type was chosen." in text
    assert "may be followed by a new appeal" in text


def test_n4_says_until_when_a_reopened_test_can_be_used() -> None:
    text = letters.write(MessageKind.APPEAL_DECIDED, a_reopened_test()).body_text
    assert "through the end of Friday, April 26, 2019, Pacific time" in text


def test_free_text_is_escaped_in_html_and_kept_on_one_line_in_text() -> None:
    denied = an_appeal_denied(reason="<script>alert(1)</script>\r\n.\r\nMAIL FROM:<x>")
    content = letters.write(MessageKind.APPEAL_DECIDED, denied)
    assert "<script>" not in content.body_html
    assert "Reason: <script>alert(1)</script> . MAIL FROM:<x>\n" in content.body_text


SPOILED = [
    (MessageKind.APPEAL_DECIDED, an_appeal_denied(reason=f"See {CANARY}.")),
    (MessageKind.APPEAL_DECIDED, an_appeal_approved(reason=f"{CANARY} confirmed")),
    (
        MessageKind.CASE_SUBMITTED,
        a_submitted_case(submitted_by=Somebody("site_coordinator", CANARY, "s@x.org")),
    ),
    (
        MessageKind.APPEAL_WITHDRAWN,
        an_appeal_withdrawn(withdrawn_by=Somebody("site_coordinator", CANARY, "s@x.org")),
    ),
]


@pytest.mark.parametrize(("kind", "occasion"), SPOILED, ids=[kind.value for kind, _ in SPOILED])
def test_no_ssid_gets_into_a_mail_whoever_typed_it(kind: MessageKind, occasion: Occasion) -> None:
    content = letters.write(kind, occasion)
    assert CANARY not in content.subject + content.body_text + content.body_html


@pytest.mark.parametrize("person", [SITE, LEADER, AGENT], ids=lambda person: person.role)
def test_no_mail_shows_an_address_of_anybody(person: Somebody) -> None:
    content = letters.write(MessageKind.CASE_SUBMITTED, a_submitted_case(submitted_by=person))
    assert person.email not in content.body_text + content.body_html


def test_the_same_words_have_the_same_version() -> None:
    first = letters.write(MessageKind.CDE_COPY, a_submitted_case())
    again = TemplateMailWriter().write(MessageKind.CDE_COPY, a_submitted_case(student_count=7))
    assert first.template == "2018-19/cde_copy"
    assert first.template_version == again.template_version


def test_changed_words_have_another_version(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))
    layout = folder / "layout.txt.j2"
    layout.write_text(layout.read_text() + "One more line.\n")
    changed = TemplateMailWriter(folder).write(MessageKind.CDE_COPY, a_submitted_case())
    assert (
        changed.template_version != letters.write(MessageKind.CDE_COPY, a_submitted_case()).template_version
    )


def test_a_template_that_names_what_there_is_not_is_an_error(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))
    (folder / "cde_copy.txt.j2").write_text("{{ case.ssid }}")
    with pytest.raises(UndefinedError):
        TemplateMailWriter(folder).write(MessageKind.CDE_COPY, a_submitted_case())


def test_a_kind_that_is_not_bound_to_a_state_is_never_sent_in_it() -> None:
    with pytest.raises(LookupError):
        letters.write(MessageKind.CASE_SUBMITTED, an_appeal_denied())


def test_a_year_without_a_policy_of_its_own_speaks_as_2018_19() -> None:
    assert known_years() == {"2015-16", "2018-19", "2020-21"}
    assert policy_of("2031-32") is policy_of("2018-19")
    case = a_submitted_case(administration_year="2031-32")
    assert letters.write(MessageKind.CASE_SUBMITTED, case).template == "2018-19/case_submitted"


@pytest.mark.parametrize(
    ("year", "address"),
    [
        ("2015-16", "DONOTREPLY@cde.ca.gov"),
        ("2018-19", "caaspp@ETS.org"),
        ("2020-21", "ca-assessments@ets.org"),
    ],
)
def test_each_year_has_its_sender(year: str, address: str) -> None:
    assert policy_of(year).sender.address == address


def test_a_breach_of_2020_21_is_phoned_to_caltac_whatever_was_exposed() -> None:
    case = a_submitted_case(administration_year="2020-21", pre_action="call_caltac")
    text = letters.write(MessageKind.CASE_SUBMITTED, case).body_text
    assert "phones CalTAC (the LEA Success Agent) immediately at 800-955-2954" in text
    assert "social media" not in text
    found = a_breach_identified(administration_year="2020-21", incident_title="Records were modified")
    now = letters.write(MessageKind.BREACH_CALL_NOW, found)
    assert "phones CalTAC (the LEA Success Agent) immediately at 800-955-2954" in now.body_text
    assert ("social media" in now.body_text, now.template) == (False, "2020-21/breach_call_now")
