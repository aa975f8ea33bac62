"""What others publish, and who is told then (N1-N11, HR-10, HR-16, HR-17, E16, E19, E26, E32, E38)."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

import pytest
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.application.commands import PutContacts
from services.notifications.domain.message import Message
from services.notifications.domain.values import Contact
from services.notifications.messaging.inbound import handlers
from shared.contracts.envelope import CloudEvent
from shared.contracts.incidents_v1 import IncidentProcessed
from shared.persistence.unit_of_work import UnitOfWork
from tests.support.contracts.published import (
    LEA_PERSON,
    SCHOOL,
    SITE_PERSON,
    additional_action_required,
    appeal_approved,
    appeal_denied,
    appeal_requested,
    appeal_withdrawn,
    breach_identified,
    concern_recorded,
    incident_submitted,
    note_added,
)
from tests.support.contracts.published_clocks import (
    deadline_at_risk,
    deadline_missed,
    decision_at_risk,
    decision_overdue,
    draft_reminder,
)
from tests.support.notifications.desk import LEADER_OF_LEA, NotificationDesk
from tests.support.notifications.states import CDE_DESK

CALTAC = "desk@caltac.example.org"
SITE, LEE, DEE = "site-1@example.org", "lee.leader@lea.example.org", "dee.delegate@lea.example.org"


async def handle(desk: NotificationDesk, *events: CloudEvent) -> None:
    reactions = handlers(lambda _unit: desk.messages, desk.clock)
    unit = UnitOfWork(cast(AsyncConnection, None), desk.store)  # no handler of this service touches it itself
    for event in events:
        await reactions[event.type](event, unit)


def told(desk: NotificationDesk) -> list[tuple[str, list[str]]]:
    """Every message that was written: its kind, and to whom it goes."""
    return [
        (fact.kind, [recipient["email"] for recipient in fact.recipients])
        for fact in (recorded.fact for recorded in desk.store.all_facts())
        if isinstance(fact, Message.Composed)
    ]


async def after(*events: CloudEvent) -> list[tuple[str, list[str]]]:
    desk = NotificationDesk()
    await desk.name_coordinators()
    await handle(desk, *events)
    return told(desk)


async def test_e26_cheating_filed_by_a_site_coordinator_tells_submitter_lea_and_cde() -> None:
    assert await after(incident_submitted()) == [
        ("case_submitted", [SITE, LEE, DEE]),
        ("cde_copy", [CDE_DESK]),
    ]


async def test_e38_materials_on_walls_give_one_mail_and_no_copy() -> None:
    charts = incident_submitted(
        incident_type="instructional_materials_displayed",
        severity="impropriety",
        recommended_action="no_action_required",
        appeal_types=[],
        cde_copy=False,
        submitted_by=LEA_PERSON,
    )
    assert await after(charts) == [("case_submitted", ["lea-1@example.org"])]


async def test_n3_an_invalidation_waits_for_the_cde() -> None:
    assert await after(appeal_requested()) == [("appeal_review_requested", [CDE_DESK])]


async def test_e19_a_reset_for_wrong_settings_waits_for_the_cde_too() -> None:
    reset = appeal_requested(appeal_type="reset", incident_type="incorrect_test_settings")
    assert await after(reset) == [("appeal_review_requested", [CDE_DESK])]


async def test_e16_what_caltac_decides_is_no_business_of_the_cdes_queue() -> None:
    assert await after(appeal_requested(appeal_type="re_open", decider="caltac", decide_by=None)) == []


async def test_n4_a_decision_is_told_to_the_filer_and_the_lea() -> None:
    assert await after(appeal_approved()) == [("appeal_decided", [SITE, LEE, DEE])]
    assert await after(appeal_denied()) == [("appeal_decided", [SITE, LEE, DEE])]


async def test_n5_a_withdrawal_is_confirmed() -> None:
    assert await after(appeal_withdrawn()) == [("appeal_withdrawn", [SITE, LEE, DEE])]


async def test_n6_a_note_of_the_cde_is_told_to_the_submitter_and_the_lea() -> None:
    assert await after(note_added()) == [("note_added", [SITE, LEE, DEE])]


async def test_n6_nobody_is_told_of_a_note_of_their_own() -> None:
    assert await after(note_added(added_by=SITE_PERSON)) == [("note_added", [LEE, DEE])]
    assert await after(note_added(added_by=LEA_PERSON, case_submitted_by=LEA_PERSON)) == []
    answered = note_added(added_by=SITE_PERSON, case_submitted_by=LEA_PERSON)
    assert await after(answered) == [("note_added", ["lea-1@example.org"])]


async def test_n6_a_coordinators_note_is_told_to_each_desk_that_it_concerns_in_a_message_of_its_own() -> None:
    own = note_added(added_by=LEA_PERSON, case_submitted_by=LEA_PERSON, for_desks=("caltac",))
    assert await after(own, own) == [("note_added", [CALTAC])]
    both = note_added(added_by=SITE_PERSON, for_desks=("caltac", "cde"))
    expected = [("note_added", [LEE, DEE]), ("note_added", [CALTAC]), ("note_added", [CDE_DESK])]
    assert await after(both) == expected


async def test_n7_a_concern_is_told_to_the_coordinators_of_the_school_and_of_its_lea() -> None:
    desk = NotificationDesk()
    await desk.name_coordinators()
    sia = Contact("site_coordinator", "Sia", "sia@school.example.org")
    sites = (sia, Contact("site_coordinator", "Sam", SITE))
    await desk.directory.put(PutContacts(SCHOOL, sites, LEADER_OF_LEA, desk.clock.now()))
    await handle(desk, concern_recorded(), concern_recorded(2, recorded_by=SITE_PERSON))
    assert told(desk) == [
        ("concern_recorded", ["sia@school.example.org", SITE, LEE, DEE]),
        ("concern_recorded", ["sia@school.example.org", LEE, DEE]),
    ]


async def test_n8_e32_the_lea_coordinators_phone_whoever_found_the_breach() -> None:
    assert await after(breach_identified()) == [("breach_call_now", [LEE, DEE])]
    assert await after(breach_identified(identified_by=LEA_PERSON)) == [("breach_call_now", [LEE, DEE])]


@pytest.mark.parametrize(("rulebook", "year"), [("2020-21", "2020-21"), (None, "2018-19")])
async def test_n8_the_call_is_worded_by_the_year_that_asks_for_it(rulebook: str | None, year: str) -> None:
    desk = NotificationDesk()
    await handle(desk, breach_identified(rulebook=rulebook))
    (written,) = [each.fact for each in desk.store.all_facts() if isinstance(each.fact, Message.Composed)]
    assert written.content["template"] == f"{year}/breach_call_now"


async def test_n9_a_draft_that_waits_is_told_to_its_author_and_the_lea() -> None:
    assert await after(draft_reminder()) == [("draft_reminder", [SITE, LEE, DEE])]


async def test_n10_each_warning_of_one_clock_is_a_message_of_its_own() -> None:
    assert await after(deadline_at_risk(warning="PT4H"), deadline_at_risk(warning="PT1H")) == [
        ("deadline_at_risk", [SITE, LEE, DEE]),
        ("deadline_at_risk", [SITE, LEE, DEE]),
    ]


async def test_n10_a_missed_deadline_is_told_to_all_of_the_lea_also_when_one_of_them_filed() -> None:
    assert await after(deadline_missed()) == [("deadline_missed", [SITE, LEE, DEE])]
    missed = deadline_missed(filed_by=LEA_PERSON)
    assert await after(missed) == [("deadline_missed", ["lea-1@example.org", LEE, DEE])]


@pytest.mark.parametrize(("decider", "desk"), [("cde", CDE_DESK), ("caltac", CALTAC)])
async def test_n10_a_decision_that_is_due_is_told_to_the_desk_of_the_decider_alone(
    decider: str, desk: str
) -> None:
    assert await after(decision_at_risk(decider=decider), decision_overdue(decider=decider)) == [
        ("deadline_at_risk", [desk]),
        ("deadline_missed", [desk]),
    ]


async def test_n11_what_more_is_asked_for_is_told_to_the_submitter_and_the_lea() -> None:
    assert await after(additional_action_required()) == [("additional_action_required", [SITE, LEE, DEE])]


async def test_a_29_all_coordinators_of_the_lea_of_the_case_are_told_and_no_others() -> None:
    desk = NotificationDesk()
    await desk.name_coordinators(
        Contact("lea_coordinator", "One", "one@lea.example.org"),
        Contact("site_coordinator", "Two", "two@lea.example.org"),
        Contact("lea_coordinator", "Three", "three@lea.example.org"),
    )
    await handle(desk, incident_submitted(cde_copy=False), incident_submitted(2, lea="3768338"))
    assert told(desk)[0] == ("case_submitted", [SITE, "one@lea.example.org", "three@lea.example.org"])
    assert told(desk)[1] == ("case_submitted", [SITE])


@pytest.mark.parametrize("year", ["2015-16", "2020-21", None])
@pytest.mark.parametrize(
    ("make", "named"),
    [
        (appeal_requested, "administration_year"),
        (appeal_approved, "administration_year"),
        (appeal_denied, "administration_year"),
        (appeal_withdrawn, "administration_year"),
        (decision_at_risk, "administration_year"),
        (decision_overdue, "administration_year"),
        (note_added, "administration_year"),
        (additional_action_required, "administration_year"),
        (draft_reminder, "rulebook"),
    ],
)
async def test_each_mail_is_worded_and_so_sent_by_the_year_of_its_case_where_it_is_known(
    make: Callable[..., CloudEvent], named: str, year: str | None
) -> None:
    desk = NotificationDesk()
    await handle(desk, make(**{named: year}))
    (written,) = [each.fact for each in desk.store.all_facts() if isinstance(each.fact, Message.Composed)]
    assert written.content["template"].startswith(f"{year or '2018-19'}/")


EVERY_EVENT = [
    incident_submitted(),
    appeal_requested(),
    appeal_approved(),
    appeal_denied(),
    appeal_withdrawn(),
    note_added(),
    concern_recorded(),
    breach_identified(),
    additional_action_required(),
    draft_reminder(),
    deadline_at_risk(),
    deadline_missed(),
    decision_at_risk(),
    decision_overdue(),
]


@pytest.mark.parametrize("event", EVERY_EVENT, ids=lambda event: event.type)
async def test_the_same_event_again_tells_nobody_anything(event: CloudEvent) -> None:
    assert await after(event, event, event) == await after(event)


async def test_the_order_of_events_does_not_matter() -> None:
    assert sorted(await after(*EVERY_EVENT)) == sorted(await after(*reversed(EVERY_EVENT)))


async def test_properties_that_nobody_here_knows_are_passed_over() -> None:
    event = incident_submitted()
    event.data["something_new"] = {"from": "next year"}
    assert len(await after(event)) == 2


async def test_an_event_that_is_not_what_the_contract_says_tells_nobody() -> None:
    event = incident_submitted()
    del event.data["case_number"]
    desk = NotificationDesk()
    with pytest.raises(ValidationError):
        await handle(desk, event)
    assert told(desk) == []


def test_events_that_concern_nobody_here_have_no_handler() -> None:
    desk = NotificationDesk()
    assert IncidentProcessed.TYPE not in handlers(lambda _unit: desk.messages, desk.clock)
