"""Telling, sending, retrying and sending again, as use cases (HR-09, A-29, E26, E38; contract §5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from structlog.testing import capture_logs

from services.notifications.application.commands import Resend
from services.notifications.application.ports import Mail
from services.notifications.application.reading import DeadlinesOfMails
from services.notifications.application.sending import MessageSender
from services.notifications.domain.errors import AlreadyOnItsWay, NotBeingSent
from services.notifications.domain.occasions import Somebody
from services.notifications.domain.values import Contact, MessageKind, MessageStatus, ServerAnswer, Verdict
from shared.kernel.actor import Actor, Role
from shared.kernel.errors import Forbidden, NotFound, Stale
from tests.support.http.tokens import CDE_REVIEWER, TEST_ADMINISTRATOR
from tests.support.notifications.desk import LEADER_OF_LEA, LEASE, NotificationDesk, ScriptedMailer
from tests.support.notifications.states import (
    LEADER,
    TUESDAY,
    a_submitted_case,
    an_appeal_denied,
)

ACCEPTED, DEFERRED, REFUSED = Verdict.ACCEPTED, Verdict.DEFERRED, Verdict.REFUSED


def emails(people: tuple[Contact, ...] | tuple[object, ...]) -> list[str]:
    return [str(getattr(person, "email", "")) for person in people]


async def test_hr_09_a_site_coordinators_case_is_confirmed_to_both() -> None:
    desk = NotificationDesk()
    await desk.name_coordinators()
    told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    assert await desk.sender.send_what_is_due() == 1
    message = await desk.message(told)
    assert message.status is MessageStatus.DELIVERED
    assert emails(message.recipients) == [
        "sia.site@school.example.org",
        "lee.leader@lea.example.org",
        "dee.delegate@lea.example.org",
    ]


async def test_hr_09_an_lea_whose_coordinators_nobody_named_is_said_aloud() -> None:
    desk = NotificationDesk()
    with capture_logs() as lines:
        told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    assert [line["event"] for line in lines] == ["lea_coordinators_unknown"]
    assert emails((await desk.message(told)).recipients) == ["sia.site@school.example.org"]


@pytest.mark.parametrize("email", ["", "sia@", "=?utf-8?q?sia?=@school.example.org"])
async def test_a_submitter_who_cannot_be_mailed_is_said_aloud(email: str) -> None:
    desk = NotificationDesk()
    await desk.name_coordinators()
    nobody = Somebody("site_coordinator", "Sia Site", email)
    with capture_logs() as lines:
        told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case(submitted_by=nobody))
    assert [(line["event"], line["count"]) for line in lines] == [("recipients_unusable", 1)]
    assert emails((await desk.message(told)).recipients) == [
        "lee.leader@lea.example.org",
        "dee.delegate@lea.example.org",
    ]


async def test_e26_cheating_makes_two_messages_from_one_event() -> None:
    desk = NotificationDesk()
    await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    await desk.tell(MessageKind.CDE_COPY, a_submitted_case())
    await desk.sender.send_what_is_due()
    assert [mail.kind for mail in desk.mailer.taken] == [MessageKind.CASE_SUBMITTED, MessageKind.CDE_COPY]


async def test_e38_a_single_mail_when_the_lea_coordinator_submitted() -> None:
    desk = NotificationDesk()
    await desk.name_coordinators()
    await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case(submitted_by=LEADER))
    await desk.sender.send_what_is_due()
    assert emails(desk.mailer.taken[0].to) == ["lee.leader@lea.example.org"]


async def test_the_same_trigger_again_does_nothing() -> None:
    desk = NotificationDesk()
    await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    await desk.sender.send_what_is_due()
    await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    assert await desk.sender.send_what_is_due() == 0
    assert len(desk.mailer.taken) == 1


async def test_a_temporary_failure_is_retried_when_it_is_due_and_not_before() -> None:
    desk = NotificationDesk(DEFERRED, ACCEPTED)
    told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    await desk.sender.send_what_is_due()
    assert (await desk.message(told)).status is MessageStatus.TEMPORARY_FAILURE
    assert await desk.sender.send_what_is_due() == 0
    desk.clock.advance(timedelta(seconds=15))
    assert await desk.sender.send_what_is_due() == 1
    assert (await desk.message(told)).status is MessageStatus.DELIVERED


async def test_every_attempt_carries_the_same_message_id() -> None:
    desk = NotificationDesk(DEFERRED, DEFERRED, ACCEPTED)
    await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    for _ in range(3):
        await desk.sender.send_what_is_due()
        desk.clock.advance(timedelta(minutes=1))
    assert len(desk.mailer.taken) == 3
    assert len({mail.message_id for mail in desk.mailer.taken}) == 1


async def test_a_server_that_never_takes_it_is_given_up_after_72_hours() -> None:
    desk = NotificationDesk(*[DEFERRED] * 100)
    told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    for _ in range(60):
        await desk.sender.send_what_is_due()
        desk.clock.advance(timedelta(hours=4))
    assert (await desk.message(told)).status is MessageStatus.TECHNICAL_FAILURE
    assert desk.outgoing.due == {}


async def test_a_permanent_refusal_is_not_retried() -> None:
    desk = NotificationDesk(REFUSED)
    told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    await desk.sender.send_what_is_due()
    desk.clock.advance(timedelta(days=4))
    assert await desk.sender.send_what_is_due() == 0
    assert (await desk.message(told)).status is MessageStatus.PERMANENT_FAILURE


async def test_a_message_that_nobody_can_get_is_on_record_and_not_queued() -> None:
    desk = NotificationDesk()
    nameless = replace(LEADER, email="")
    told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case(submitted_by=nameless))
    assert (await desk.message(told)).status is MessageStatus.TECHNICAL_FAILURE
    assert desk.outgoing.due == {}


async def test_a_sender_that_died_before_recording_is_followed_by_one_repeat() -> None:
    desk = NotificationDesk()
    told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    (mail,) = await desk.messages.claim(desk.clock.now(), 20, LEASE)
    await desk.mailer.deliver(mail)
    desk.outgoing.leased.clear()  # the lease ran out, nobody recorded
    assert await desk.sender.send_what_is_due() == 1
    assert await desk.sender.send_what_is_due() == 0
    assert [mail.message_id for mail in desk.mailer.taken] == [mail.message_id] * 2
    assert (await desk.message(told)).attempts == 2


async def test_an_answer_that_comes_too_late_changes_nothing() -> None:
    desk = NotificationDesk()
    told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    (mail,) = await desk.messages.claim(desk.clock.now(), 20, LEASE)
    desk.outgoing.leased.clear()
    await desk.sender.send_what_is_due()
    answers = await desk.mailer.deliver(mail)
    with pytest.raises(NotBeingSent):
        await desk.messages.record(told, answers, desk.clock.now())


async def test_a_sender_that_is_told_to_stop_gives_back_what_it_has_not_begun() -> None:
    desk = NotificationDesk()
    told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    await desk.sender.send_what_is_due(lambda: True)
    assert desk.mailer.taken == []
    await desk.sender.send_what_is_due()
    assert (await desk.message(told)).status is MessageStatus.DELIVERED


async def test_a_sender_whose_lease_is_over_gives_nothing_back_that_may_be_anothers_by_now() -> None:
    desk = NotificationDesk()
    told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    slow = MessageSender(desk.open, desk.mailer, desk.clock, burst=20, lease=timedelta())
    assert await slow.send_what_is_due() == 1
    assert (desk.mailer.taken, desk.outgoing.leased) == ([], {told})


async def test_a_settled_message_that_is_queued_all_the_same_leaves_and_stops_no_other() -> None:
    desk = NotificationDesk()
    settled = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    await desk.sender.send_what_is_due()
    await desk.messages.give_back([settled], desk.clock.now())
    other = await desk.tell(MessageKind.CDE_COPY, a_submitted_case())
    await desk.sender.send_what_is_due()
    assert (await desk.message(other)).status is MessageStatus.DELIVERED
    assert ((await desk.message(settled)).attempts, desk.outgoing.due) == (1, {})


async def test_the_connection_is_let_go_when_nothing_is_left() -> None:
    desk = NotificationDesk()
    await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    await desk.sender.send_what_is_due()
    assert desk.mailer.rested == 1


async def test_a_resend_goes_to_the_coordinators_of_today() -> None:
    desk = NotificationDesk(REFUSED)
    told = await desk.tell(MessageKind.APPEAL_DECIDED, an_appeal_denied())
    await desk.sender.send_what_is_due()
    await desk.name_coordinators()
    await desk.messages.resend(Resend(told, LEADER_OF_LEA, desk.clock.now()))
    await desk.sender.send_what_is_due()
    first, second = desk.mailer.taken
    assert emails(first.to) == ["sia.site@school.example.org"]
    assert len(second.to) == 3
    assert second.resent_at == desk.clock.now()
    assert first.message_id == second.message_id


async def test_what_is_on_its_way_is_not_sent_again() -> None:
    desk = NotificationDesk()
    told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    with pytest.raises(AlreadyOnItsWay):
        await desk.messages.resend(Resend(told, LEADER_OF_LEA, desk.clock.now()))


async def test_a_resend_decided_on_an_old_version_is_refused() -> None:
    desk = NotificationDesk()
    told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    await desk.sender.send_what_is_due()
    with pytest.raises(Stale):
        await desk.messages.resend(Resend(told, LEADER_OF_LEA, desk.clock.now(), expected=1))


STRANGER = Actor("lea-8", "Otto", "otto@other.example.org", Role.LEA_COORDINATOR, lea="3768338")
AUDITOR = Actor("audit-9", "Ada", "ada@cde.example.org", Role.AUDITOR)
ADMINISTRATOR = Actor("ta-9", "Tara", "tara@x.example.org", Role.TEST_ADMINISTRATOR, lea="1964733")


@pytest.mark.parametrize(
    ("actor", "refusal"),
    [(STRANGER, NotFound), (AUDITOR, Forbidden), (ADMINISTRATOR, Forbidden)],
    ids=["another LEA", "auditor", "test administrator"],
)
async def test_not_everybody_may_have_a_message_sent_again(actor: Actor, refusal: type[Exception]) -> None:
    desk = NotificationDesk()
    told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    await desk.sender.send_what_is_due()
    with pytest.raises(refusal):
        await desk.messages.resend(Resend(told, actor, desk.clock.now()))


async def test_a_message_that_never_was_is_not_found() -> None:
    desk = NotificationDesk()
    with pytest.raises(NotFound):
        await desk.messages.resend(Resend(uuid4(), LEADER_OF_LEA, desk.clock.now()))


async def test_the_connection_is_kept_while_there_may_be_more_to_send() -> None:
    desk = NotificationDesk()
    await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    of_one = MessageSender(desk.open, desk.mailer, desk.clock, burst=1, lease=LEASE)
    assert (await of_one.send_what_is_due(), desk.mailer.rested) == (1, 0)


async def test_an_answer_that_another_sender_recorded_first_is_left_as_it_is() -> None:
    desk = NotificationDesk()
    told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())

    class Slow(ScriptedMailer):
        async def deliver(self, mail: Mail) -> Sequence[ServerAnswer]:
            answers = await super().deliver(mail)
            await desk.messages.record(told, answers, desk.clock.now())
            return answers

    slow = MessageSender(desk.open, Slow(), desk.clock, burst=20, lease=LEASE)
    assert await slow.send_what_is_due() == 1
    message = await desk.message(told)
    assert (message.status, message.attempts) == (MessageStatus.DELIVERED, 1)


class AskedRows:
    """A list of deadlines; it answers with what it was asked."""

    async def find(
        self, wanted: str, actor: Actor, *, after: tuple[datetime, UUID] | None, limit: int
    ) -> list[dict[str, Any]]:
        return [{"wanted": wanted, "actor": actor, "after": after, "limit": limit}]


async def test_who_reads_mails_finds_their_deadlines_and_nobody_else_does() -> None:
    deadlines, place = DeadlinesOfMails[str](AskedRows()), (TUESDAY, UUID(int=1))
    (asked,) = await deadlines.find("overdue", CDE_REVIEWER, after=place, limit=20)
    assert asked == {"wanted": "overdue", "actor": CDE_REVIEWER, "after": place, "limit": 20}
    with pytest.raises(Forbidden):
        await deadlines.find("overdue", TEST_ADMINISTRATOR, after=None, limit=20)
