"""Who is told what (N1-N5, HR-09, A-9, A-29, E26)."""

from __future__ import annotations

from uuid import UUID

import pytest

from services.notifications.domain.occasions import Occasion, Somebody
from services.notifications.domain.recipients import (
    at_the_desk,
    lea_is_copied,
    recipients_again,
    recipients_of,
)
from services.notifications.domain.values import Because, MessageKind, Recipient
from tests.support.notifications.states import (
    AGENT,
    CALTAC_DESK,
    CDE_DESK,
    COORDINATORS,
    LEADER,
    SITE,
    a_decision_at_risk,
    a_note_for_a_desk,
    a_submitted_case,
    an_appeal_approved,
    an_appeal_denied,
    an_appeal_requested,
    an_appeal_withdrawn,
    an_overdue_decision,
)

LEE, DEE = "lee.leader@lea.example.org", "dee.delegate@lea.example.org"
SIA, CAL = "sia.site@school.example.org", "cal.agent@caltac.example.org"
DESKS = {Because.CDE_DESK: CDE_DESK, Because.CALTAC_DESK: CALTAC_DESK}
STRANGERS = ("test_administrator", "test_examiner", "auditor", "system", "student", "parent", "")


def mailed(kind: MessageKind, occasion: Occasion) -> list[str]:
    return [person.email for person in recipients_of(kind, occasion, COORDINATORS, DESKS)]


@pytest.mark.parametrize(
    ("submitter", "expected"),
    [(SITE, [SIA, LEE, DEE]), (LEADER, [LEE]), (AGENT, [CAL, LEE, DEE])],
    ids=["site: and all LEA coordinators", "lea: a single mail", "caltac: and all LEA coordinators"],
)
def test_n1_goes_to_the_submitter_and_where_it_was_not_one_of_them_to_the_lea_coordinators(
    submitter: Somebody, expected: list[str]
) -> None:
    assert mailed(MessageKind.CASE_SUBMITTED, a_submitted_case(submitted_by=submitter)) == expected


@pytest.mark.parametrize("submitter", [SITE, LEADER, AGENT], ids=lambda person: person.role)
def test_n2_goes_to_the_cde_alone_whoever_submitted(submitter: Somebody) -> None:
    assert mailed(MessageKind.CDE_COPY, a_submitted_case(submitted_by=submitter)) == [CDE_DESK]


def test_n3_goes_to_the_cde_alone() -> None:
    assert mailed(MessageKind.APPEAL_REVIEW_REQUESTED, an_appeal_requested()) == [CDE_DESK]


@pytest.mark.parametrize(
    ("filer", "expected"), [(SITE, [SIA, LEE, DEE]), (LEADER, [LEE])], ids=["site", "lea"]
)
def test_n4_goes_to_the_filer_and_the_lea_coordinators(filer: Somebody, expected: list[str]) -> None:
    decided = an_appeal_denied(filed_by=filer, case_submitted_by=filer)
    assert mailed(MessageKind.APPEAL_DECIDED, decided) == expected
    approved = an_appeal_approved(filed_by=filer, case_submitted_by=filer)
    assert mailed(MessageKind.APPEAL_DECIDED, approved) == expected


def test_n4_tells_the_submitter_of_the_case_as_well_when_another_filed_the_appeal() -> None:
    decided = an_appeal_approved(filed_by=LEADER, case_submitted_by=SITE)
    assert mailed(MessageKind.APPEAL_DECIDED, decided) == [LEE, SIA]


def test_n5_goes_to_the_filer_and_the_lea_coordinators() -> None:
    assert mailed(MessageKind.APPEAL_WITHDRAWN, an_appeal_withdrawn()) == [SIA, LEE, DEE]


@pytest.mark.parametrize("role", STRANGERS)
def test_nobody_but_coordinators_and_deciders_is_ever_mailed(role: str) -> None:
    stranger = Somebody(role, "Sam Stranger", "sam@school.example.org")
    assert "sam@school.example.org" not in mailed(
        MessageKind.CASE_SUBMITTED, a_submitted_case(submitted_by=stranger)
    )


def test_an_address_is_mailed_once_however_it_is_spelled() -> None:
    shouting = Somebody("site_coordinator", "Lee Leader", LEE.upper())
    assert mailed(MessageKind.CASE_SUBMITTED, a_submitted_case(submitted_by=shouting)) == [LEE.upper(), DEE]


def test_a_submitter_without_a_usable_address_is_left_out() -> None:
    nameless = Somebody("site_coordinator", "Sia", "sia\r\nBcc: x@example.org")
    assert mailed(MessageKind.CASE_SUBMITTED, a_submitted_case(submitted_by=nameless)) == [LEE, DEE]


def test_a_resend_asks_the_directory_again() -> None:
    before = (
        Recipient("site_coordinator", "Sia Site", SIA, Because.SUBMITTER),
        Recipient("lea_coordinator", "Old Leader", "old@lea.example.org", Because.LEA_COORDINATOR),
    )
    again = recipients_again(before, lea_copied=True, coordinators=COORDINATORS)
    assert [person.email for person in again] == [SIA, LEE, DEE]
    alone = recipients_again(before, lea_copied=False, coordinators=COORDINATORS)
    assert [person.email for person in alone] == [SIA]


def test_the_lea_is_not_copied_on_what_goes_to_the_cde() -> None:
    assert not lea_is_copied(MessageKind.CDE_COPY, a_submitted_case())
    assert lea_is_copied(MessageKind.CASE_SUBMITTED, a_submitted_case())


class Unthought(Occasion):
    """A kind of occasion whose author forgot to say whom it concerns."""


def test_there_is_no_occasion_that_does_not_say_whom_to_tell() -> None:
    with pytest.raises(TypeError, match="told"):
        Unthought(incident_id=UUID(int=1), case_number=None, lea="1964733", school="19647331932045")  # type: ignore[abstract]


@pytest.mark.parametrize("occasion", [a_decision_at_risk(), an_overdue_decision(), a_note_for_a_desk()])
def test_what_a_desk_is_told_follows_from_nobody_elses_act(occasion: Occasion) -> None:
    assert occasion.told == ()


def test_a_desk_is_named_as_what_it_is_and_nobody_stands_in_for_one_without_an_address() -> None:
    (cde,) = at_the_desk(Because.CDE_DESK, DESKS)
    (caltac,) = at_the_desk(Because.CALTAC_DESK, DESKS)
    assert [(desk.role, desk.email) for desk in (cde, caltac)] == [
        ("cde_reviewer", CDE_DESK),
        ("caltac_agent", CALTAC_DESK),
    ]
    assert [desk.name for desk in (cde, caltac)] == ["CDE CAASPP Office", "CalTAC"]
    assert at_the_desk(Because.CDE_DESK, {}) == ()
