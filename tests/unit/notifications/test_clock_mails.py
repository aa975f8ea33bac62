"""Mails of clocks (N9, N10): what they say, to whose desk they go, and that none warns of what has passed."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import cast

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifications.application.commands import Resend
from services.notifications.application.messages import Messages, Stationery
from services.notifications.domain.errors import NobodyToSendTo, NoLongerTrue
from services.notifications.domain.message import NOBODY, Message
from services.notifications.domain.values import MessageKind, MessageStatus, Verdict
from services.notifications.messaging.inbound import handlers
from services.notifications.reactions.delivery_deadline import with_deadlines
from services.notifications.rulebooks.mail_writer import TemplateMailWriter
from services.notifications.rulebooks.policy import known_years, policy_of
from shared.deadlines.deadline import Deadline
from shared.persistence.unit_of_work import UnitOfWork
from tests.support.contracts.published_clocks import deadline_at_risk
from tests.support.http.tokens import CALTAC_AGENT
from tests.support.notifications.desk import LEADER_OF_LEA, NotificationDesk
from tests.support.notifications.states import (
    CALTAC_DESK,
    CDE_DESK,
    TUESDAY,
    a_decision_at_risk,
    a_draft_reminder,
    a_report_at_risk,
    an_overdue_decision,
    an_overdue_report,
)

REPORT_CLOCKS = ("K3", "K3b", "K4", "K8", "Kx")
DECISION_CLOCKS = ("K5", "K6", "K7", "Kx")
YEARS = sorted(known_years())
letters = TemplateMailWriter()


@pytest.mark.parametrize("year", YEARS)
@pytest.mark.parametrize("clock", REPORT_CLOCKS)
def test_n10_every_clock_of_a_case_says_what_to_do_before_and_after_its_end(clock: str, year: str) -> None:
    of_it = {"clock": clock, "administration_year": year}
    near = letters.write(MessageKind.DEADLINE_AT_RISK, a_report_at_risk(**of_it))
    missed = letters.write(MessageKind.DEADLINE_MISSED, an_overdue_report(**of_it))
    words = policy_of(year).words_of_clock(clock)
    assert words.at_risk[0].split("{{")[0] in near.body_text
    assert words.missed[0].split("{{")[0] in missed.body_text
    assert (near.template, missed.template) == (f"{year}/report_at_risk", f"{year}/report_overdue")


@pytest.mark.parametrize("clock", DECISION_CLOCKS)
@pytest.mark.parametrize("decider", ["cde", "caltac"])
def test_n10_every_decision_clock_says_what_the_desk_has_to_do(clock: str, decider: str) -> None:
    of_it = {"clock": clock, "decider": decider}
    near = letters.write(MessageKind.DEADLINE_AT_RISK, a_decision_at_risk(**of_it))
    missed = letters.write(MessageKind.DEADLINE_MISSED, an_overdue_decision(**of_it))
    words = policy_of("2018-19").words_of_clock(clock)
    assert words.at_risk[0].split("{{")[0] in near.body_text
    assert words.missed[0].split("{{")[0] in missed.body_text


def test_n10_a_warning_gives_instants_and_nothing_that_ages() -> None:
    content = letters.write(MessageKind.DEADLINE_AT_RISK, a_report_at_risk())
    assert content.subject == ("Due Tuesday, April 16, 2019, 3:00 p.m. PDT: the report within 24 hours")
    assert "As of Tuesday, April 16, 2019, 11:00 a.m. PDT, it had not been met." in content.body_text


def test_n10_a_missed_deadline_names_its_case_if_it_has_a_number() -> None:
    numbered = letters.write(MessageKind.DEADLINE_MISSED, an_overdue_report(case_number="2018-19-000123"))
    assert numbered.subject.endswith(", STAIRS case 2018-19-000123")
    assert "Case number: 2018-19-000123\n" in numbered.body_text


def test_n9_a_reminder_says_until_when_the_draft_can_be_submitted() -> None:
    content = letters.write(MessageKind.DRAFT_REMINDER, a_draft_reminder())
    assert content.subject.endswith("reports are taken through Friday, April 26, 2019")
    assert "Testing window closes: Friday, April 19, 2019\n" in content.body_text


@pytest.mark.parametrize("desk", ["cde", "caltac"])
async def test_n10_a_desk_gets_the_mail_of_its_decisions(desk: str) -> None:
    there = NotificationDesk()
    await there.name_coordinators()
    told = await there.tell(MessageKind.DEADLINE_MISSED, an_overdue_decision(decider=desk))
    await there.sender.send_what_is_due()
    (person,) = (await there.message(told)).recipients
    assert person.email == {"cde": CDE_DESK, "caltac": CALTAC_DESK}[desk]


async def test_n10_without_an_address_of_caltac_the_message_fails_visibly_until_there_is_one() -> None:
    there = NotificationDesk(caltac=None)
    told = await there.tell(MessageKind.DEADLINE_MISSED, an_overdue_decision(decider="caltac"))
    message = await there.message(told)
    assert (message.status, message.reason) == (MessageStatus.TECHNICAL_FAILURE, NOBODY)
    resend = Resend(told, CALTAC_AGENT, there.clock.now())
    with pytest.raises(NobodyToSendTo):
        await there.messages.resend(resend)
    known = Stationery(TemplateMailWriter(), CDE_DESK, "stairs.example.org", caltac_email=CALTAC_DESK)
    await Messages(there.store, there.outgoing, known).resend(resend)
    assert [person.email for person in (await there.message(told)).recipients] == [CALTAC_DESK]


async def test_a_resend_to_a_desk_goes_to_its_address_of_today() -> None:
    there = NotificationDesk(Verdict.REFUSED)
    told = await there.tell(MessageKind.DEADLINE_MISSED, an_overdue_decision())
    await there.sender.send_what_is_due()
    moved = Stationery(TemplateMailWriter(), "new.desk@cde.example.org", "stairs.example.org")
    await Messages(there.store, there.outgoing, moved).resend(Resend(told, CALTAC_AGENT, there.clock.now()))
    assert [person.email for person in (await there.message(told)).recipients] == ["new.desk@cde.example.org"]


@pytest.mark.parametrize(
    ("kind", "occasion"),
    [
        (MessageKind.DEADLINE_AT_RISK, a_report_at_risk(due_at=TUESDAY)),
        (MessageKind.DEADLINE_AT_RISK, a_decision_at_risk(decide_by=TUESDAY)),
        (MessageKind.DRAFT_REMINDER, a_draft_reminder(reporting_ends_at=TUESDAY)),
    ],
    ids=["report", "decision", "draft"],
)
async def test_a_warning_that_is_heard_of_too_late_is_kept_and_not_sent(
    kind: MessageKind, occasion: object
) -> None:
    there = NotificationDesk()
    told = await there.tell(kind, occasion)  # type: ignore[arg-type]  # one of three occasions
    message = await there.message(told)
    assert (message.status, there.outgoing.due) == (MessageStatus.TECHNICAL_FAILURE, {})
    assert message.reason == "not sent: it was so until 2019-04-16T18:00:00Z"
    with pytest.raises(NoLongerTrue):
        await there.messages.resend(Resend(told, LEADER_OF_LEA, there.clock.now()))


@pytest.mark.parametrize(
    ("due_at", "clocks"),
    [(TUESDAY + timedelta(hours=4), ["K21"]), (TUESDAY, [])],
    ids=["to be sent", "too late on purpose"],
)
async def test_k21_waits_for_no_mail_that_is_not_to_be_sent(due_at: datetime, clocks: list[str]) -> None:
    there = NotificationDesk()
    react = with_deadlines(
        handlers(lambda unit: Messages(unit.store, there.outgoing, there.stationery), there.clock)
    )
    warning = deadline_at_risk(due_at=due_at)
    await react[warning.type](warning, UnitOfWork(cast(AsyncConnection, None), there.store))
    facts = [recorded.fact for recorded in there.store.all_facts()]
    assert any(isinstance(fact, Message.Composed) for fact in facts)
    assert [fact.terms["clock"] for fact in facts if isinstance(fact, Deadline.Set)] == clocks


async def test_a_warning_that_waits_for_the_mail_server_beyond_its_deadline_is_not_sent() -> None:
    there = NotificationDesk(Verdict.DEFERRED)
    told = await there.tell(
        MessageKind.DEADLINE_AT_RISK, a_report_at_risk(due_at=TUESDAY + timedelta(hours=4))
    )
    await there.sender.send_what_is_due()
    there.clock.advance(timedelta(hours=4))
    assert await there.sender.send_what_is_due() == 0
    message = await there.message(told)
    assert (message.status, message.attempts) == (MessageStatus.TECHNICAL_FAILURE, 1)
    assert there.outgoing.due == {}
    assert len(there.mailer.taken) == 1


async def test_a_missed_deadline_stays_missed_however_late_its_mail_is() -> None:
    there = NotificationDesk(Verdict.DEFERRED)
    told = await there.tell(MessageKind.DEADLINE_MISSED, an_overdue_report())
    await there.sender.send_what_is_due()
    there.clock.advance(timedelta(hours=71))
    await there.sender.send_what_is_due()
    assert (await there.message(told)).status is MessageStatus.DELIVERED
