"""How much mail one LEA causes: what waits, what is given up, and what nothing holds back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from services.notifications.application.commands import Resend
from services.notifications.application.sending import overdue
from services.notifications.domain.errors import ResendTooSoon, TooMuchMail
from services.notifications.domain.occasions import Occasion
from services.notifications.domain.shares import HOUR, LONGEST_WAIT, MailLimits, turn_of, within
from services.notifications.domain.values import Contact, MessageKind, MessageStatus
from tests.support.notifications import states
from tests.support.notifications.desk import LEADER_OF_LEA, NotificationDesk
from tests.support.notifications.states import TUESDAY

SECOND = timedelta(seconds=1)
URGENT: list[tuple[MessageKind, Occasion]] = [
    (MessageKind.CASE_SUBMITTED, states.a_submitted_case()),
    (MessageKind.CONCERN_RECORDED, states.a_concern_recorded()),
    (MessageKind.BREACH_CALL_NOW, states.a_breach_identified()),
]


async def note(desk: NotificationDesk, number: int) -> UUID:
    return await desk.tell(MessageKind.NOTE_ADDED, states.a_note_added(), f"note.{number}")


def test_a_share_is_used_at_once_and_frees_itself_evenly() -> None:
    free_at, due = None, []
    for _ in range(5):
        turn = turn_of(free_at, TUESDAY, per_hour=3)
        assert turn is not None
        free_at = turn.free_at
        due.append((turn.due_at - TUESDAY).total_seconds())
    assert due == [0, 0, 0, 1200, 2400]


def test_nothing_waits_for_longer_than_the_queue_takes_for_true() -> None:
    free_at, turns = None, 0
    while (turn := turn_of(free_at, TUESDAY, per_hour=10)) is not None:
        assert TUESDAY <= turn.due_at <= TUESDAY + LONGEST_WAIT
        free_at, turns = turn.free_at, turns + 1
    assert turns == 10 * (1 + LONGEST_WAIT // HOUR)
    assert free_at is not None
    assert turn_of(free_at, TUESDAY + HOUR, per_hour=10) is not None


def test_what_a_clock_that_was_ahead_has_written_holds_nothing_back() -> None:
    turn = turn_of(TUESDAY + timedelta(days=400), TUESDAY, per_hour=10)
    assert turn is not None
    assert turn.due_at == TUESDAY


async def test_what_comes_faster_than_the_share_waits_for_its_turn() -> None:
    desk = NotificationDesk(limits=MailLimits(messages_per_lea=2))
    await desk.name_coordinators()
    told = [await note(desk, n) for n in range(3)]
    assert await desk.sender.send_what_is_due() == 2
    assert (await desk.message(told[2])).status is MessageStatus.CREATED
    assert await overdue(desk.open, desk.clock) == (1, timedelta())
    desk.clock.advance(timedelta(minutes=30))
    assert await desk.sender.send_what_is_due() == 1


async def test_what_would_wait_for_hours_fails_and_says_so() -> None:
    desk = NotificationDesk(limits=MailLimits(messages_per_lea=1))
    await desk.name_coordinators()
    told = [await note(desk, n) for n in range(6)]
    states_of = [(await desk.message(each)).status for each in told]
    assert states_of == [MessageStatus.CREATED] * 5 + [MessageStatus.TECHNICAL_FAILURE]
    last = await desk.message(told[5])
    assert last.reason is not None
    assert last.reason.startswith("not sent: more mails")
    with pytest.raises(TooMuchMail):
        await desk.messages.resend(Resend(last.id, LEADER_OF_LEA, desk.clock.now()))
    desk.clock.advance(HOUR)
    await desk.messages.resend(Resend(last.id, LEADER_OF_LEA, desk.clock.now()))


@pytest.mark.parametrize(("kind", "occasion"), URGENT, ids=[kind.value for kind, _ in URGENT])
async def test_nothing_holds_back_a_submission_a_concern_or_a_breach(
    kind: MessageKind, occasion: Occasion
) -> None:
    desk = NotificationDesk(limits=MailLimits(messages_per_lea=1, recipients=1))
    await desk.name_coordinators()
    for n in range(20):
        await note(desk, n)
    await desk.sender.send_what_is_due()
    told = [await desk.tell(kind, occasion, f"urgent.{n}") for n in range(10)]
    assert await desk.sender.send_what_is_due() == 10
    for each in told:
        message = await desk.message(each)
        assert message.status is MessageStatus.DELIVERED
        assert len(message.recipients) > 1


async def test_submissions_concerns_and_breaches_use_nothing_up_of_the_share_of_others() -> None:
    desk = NotificationDesk(limits=MailLimits(messages_per_lea=1))
    await desk.name_coordinators()
    for kind, occasion in URGENT:
        await desk.tell(kind, occasion, f"urgent.{kind.value}")
    await note(desk, 1)
    assert await desk.sender.send_what_is_due() == 4


async def test_a_message_goes_to_so_many_and_to_who_acted_first() -> None:
    desk = NotificationDesk(limits=MailLimits(recipients=3))
    crowd = [Contact("lea_coordinator", f"Lee {n}", f"lee{n}@lea.example.org") for n in range(9)]
    await desk.name_coordinators(*crowd)
    told = await note(desk, 1)
    message = await desk.message(told)
    assert len(message.recipients) == 3
    assert message.recipients[0].email == states.SITE.email


def test_in_the_usual_settings_an_entry_and_who_acted_are_all_told() -> None:
    assert len(within(MessageKind.NOTE_ADDED, range(51), MailLimits().recipients)) == 51


async def test_a_message_is_sent_anew_once_in_five_minutes() -> None:
    desk = NotificationDesk()
    await desk.name_coordinators()
    told = await note(desk, 1)
    await desk.sender.send_what_is_due()

    async def again() -> None:
        await desk.messages.resend(Resend(told, LEADER_OF_LEA, desk.clock.now()))

    await again()
    await desk.sender.send_what_is_due()
    desk.clock.advance(timedelta(minutes=5) - SECOND)
    with pytest.raises(ResendTooSoon) as refusal:
        await again()
    assert refusal.value.retry_after == 1
    desk.clock.advance(SECOND)
    await again()
    assert (await desk.message(told)).resends == 2


async def test_while_a_resend_is_on_its_way_it_is_too_soon_as_well() -> None:
    desk = NotificationDesk()
    await desk.name_coordinators()
    told = await note(desk, 1)
    await desk.sender.send_what_is_due()
    await desk.messages.resend(Resend(told, LEADER_OF_LEA, desk.clock.now()))
    with pytest.raises(ResendTooSoon):
        await desk.messages.resend(Resend(told, LEADER_OF_LEA, desk.clock.now()))


async def test_a_mailer_outside_is_told_at_once() -> None:
    desk = NotificationDesk(outside=True, limits=MailLimits(messages_per_lea=1))
    await desk.name_coordinators()
    told = [await note(desk, n) for n in range(7)]
    assert {(await desk.message(each)).status for each in told} == {MessageStatus.CREATED}
