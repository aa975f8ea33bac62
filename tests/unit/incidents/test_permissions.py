"""Who may do what to cases: the guards alone; that each is asked, tests of use cases and routes show."""

from __future__ import annotations

import pytest

from services.incidents.domain import permissions
from services.incidents.domain.concern import Concern, Observation
from services.incidents.domain.errors import (
    CaseNotFound,
    ConcernNotFound,
    FilingProtocolLeaOnly,
    NotAllowed,
    WindowNotFound,
)
from services.incidents.domain.filing_protocol import FilingChoice
from shared.kernel.actor import Actor
from shared.kernel.errors import Refusal
from tests.support.http.tokens import (
    AUDITOR,
    CALTAC_AGENT,
    CDE_REVIEWER,
    EVERYBODY,
    LEA,
    LEA_COORDINATOR,
    NEIGHBOUR_SCHOOL,
    NEIGHBOUR_SITE_COORDINATOR,
    OTHER_LEA_COORDINATOR,
    SCHOOL,
    SITE_COORDINATOR,
    SYSTEM,
    TEST_ADMINISTRATOR,
    TEST_EXAMINER,
)
from tests.support.incidents.bodies import cheating
from tests.support.incidents.states import CASE_ID, LIBRARY, NOON, RULES, a_draft


@pytest.mark.parametrize("actor", [LEA_COORDINATOR, SITE_COORDINATOR, CALTAC_AGENT], ids=lambda a: a.role)
def test_coordinators_and_caltac_file(actor: Actor) -> None:
    permissions.require_filer(actor)
    permissions.require_filing_scope(actor, SCHOOL)


@pytest.mark.parametrize(
    "actor", [TEST_ADMINISTRATOR, TEST_EXAMINER, CDE_REVIEWER, AUDITOR, SYSTEM], ids=lambda actor: actor.role
)
def test_e50_hr01_nobody_else_files(actor: Actor) -> None:
    with pytest.raises(NotAllowed, match="POST /v1/concerns"):
        permissions.require_filer(actor)


@pytest.mark.parametrize("actor", [NEIGHBOUR_SITE_COORDINATOR, OTHER_LEA_COORDINATOR], ids=lambda a: a.sub)
def test_coordinators_file_for_their_own_schools_only(actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        permissions.require_filing_scope(actor, SCHOOL)


def test_a_site_files_where_its_lea_lets_it() -> None:
    permissions.require_filing_left_to_sites(FilingChoice.SITE_ALLOWED)
    with pytest.raises(FilingProtocolLeaOnly):
        permissions.require_filing_left_to_sites(FilingChoice.LEA_ONLY)


def test_hr29_who_sees_a_case() -> None:
    case = a_draft(cheating())
    seen: dict[str, str] = {}
    for actor in EVERYBODY:
        try:
            permissions.require_case_reader(actor)
            permissions.require_case_visible(actor, case)
        except Refusal as refusal:
            seen[actor.sub] = type(refusal).__name__
    assert seen == {
        "site-2": "CaseNotFound",
        "ta-1": "NotAllowed",
        "te-1": "NotAllowed",
        "lea-2": "CaseNotFound",
        "site-3": "CaseNotFound",
    }


@pytest.mark.parametrize("actor", [LEA_COORDINATOR, CDE_REVIEWER], ids=lambda actor: actor.role)
def test_a_deleted_draft_is_gone_for_everybody(actor: Actor) -> None:
    case = a_draft(cheating())
    case.delete(LEA_COORDINATOR, NOON)
    with pytest.raises(CaseNotFound):
        permissions.require_case_visible(actor, case)


def test_hr11_who_records_a_call_is_the_rule_of_each_year_that_is_asked() -> None:
    early = LIBRARY.for_year("2015-16")
    permissions.require_breach_caller(SITE_COORDINATOR, early)
    with pytest.raises(NotAllowed, match="LEA coordinator phones"):
        permissions.require_breach_caller(SITE_COORDINATOR, early, RULES)


def a_concern(by: Actor = TEST_ADMINISTRATOR) -> Concern:
    return Concern.record(CASE_ID, Observation(SCHOOL, "Seen."), by, NOON)


def test_a_concern_is_seen_by_who_told_it_and_by_those_in_whose_scope_its_school_is() -> None:
    seen = []
    for actor in EVERYBODY:
        try:
            permissions.require_concern_visible(actor, a_concern())
        except ConcernNotFound:
            continue
        seen.append(actor.sub)
    assert seen == ["lea-1", "site-1", "ta-1", "caltac-1", "cde-1", "audit-1"]


@pytest.mark.parametrize(
    ("actor", "school"),
    [
        (CALTAC_AGENT, SCHOOL),
        (AUDITOR, SCHOOL),
        (TEST_ADMINISTRATOR, NEIGHBOUR_SCHOOL),
        (LEA_COORDINATOR, ""),
    ],
    ids=["CalTAC", "an auditor", "another school", "no school"],
)
def test_concerns_come_from_ones_own_school(actor: Actor, school: str) -> None:
    with pytest.raises(NotAllowed):
        permissions.require_concern_teller(actor, school)


def test_a_system_has_no_part_in_concerns() -> None:
    with pytest.raises(NotAllowed):
        permissions.require_concern_reader(SYSTEM)


def test_who_only_tells_concerns_reads_no_others() -> None:
    may = [actor.sub for actor in EVERYBODY if not permissions.can_read_concerns_of_others(actor)]
    assert may == ["ta-1", "te-1", "system"]


@pytest.mark.parametrize("actor", [AUDITOR, SYSTEM, TEST_ADMINISTRATOR], ids=lambda actor: actor.role)
def test_who_only_watches_reads_no_ssids_and_writes_no_notes(actor: Actor) -> None:
    assert not permissions.can_read_ssids(actor)
    with pytest.raises(NotAllowed):
        permissions.require_ssid_reader(actor)
    with pytest.raises(NotAllowed):
        permissions.require_note_writer(actor)


@pytest.mark.parametrize("actor", [LEA_COORDINATOR, SITE_COORDINATOR, AUDITOR], ids=lambda actor: actor.role)
def test_m_p44_only_caltac_and_the_cde_ask_for_more(actor: Actor) -> None:
    with pytest.raises(NotAllowed):
        permissions.require_action_demander(actor)


@pytest.mark.parametrize("actor", [OTHER_LEA_COORDINATOR, TEST_ADMINISTRATOR], ids=lambda actor: actor.sub)
def test_a_filing_protocol_is_seen_in_its_lea(actor: Actor) -> None:
    for own in (LEA_COORDINATOR, SITE_COORDINATOR, AUDITOR):
        permissions.require_filing_protocol_reader(own, LEA)
    with pytest.raises(NotAllowed):
        permissions.require_filing_protocol_reader(actor, LEA)


@pytest.mark.parametrize(
    "actor", [OTHER_LEA_COORDINATOR, SITE_COORDINATOR, CDE_REVIEWER], ids=lambda a: a.sub
)
def test_m_p49_an_lea_chooses_its_own_filing_protocol(actor: Actor) -> None:
    permissions.require_filing_protocol_chooser(LEA_COORDINATOR, LEA)
    with pytest.raises(NotAllowed):
        permissions.require_filing_protocol_chooser(actor, LEA)


def test_whoever_works_at_a_school_sees_its_window_and_no_other() -> None:
    permissions.require_window_visible(TEST_ADMINISTRATOR, SCHOOL)
    permissions.require_window_visible(TEST_ADMINISTRATOR, LEA)
    with pytest.raises(WindowNotFound):
        permissions.require_window_visible(TEST_ADMINISTRATOR, NEIGHBOUR_SCHOOL)
