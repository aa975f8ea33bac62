"""The life of a message (contract §5; domain §7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid5

import pytest

from services.notifications.domain.errors import AlreadyOnItsWay, MailTooLong, NobodyToSendTo, NotBeingSent
from services.notifications.domain.message import MESSAGES, Message, notification_id_of
from services.notifications.domain.values import Cause, MessageKind, MessageStatus
from tests.support.notifications.states import (
    SYSTEM,
    TO_LEE,
    TO_SIA,
    TUESDAY,
    a_composed_message,
    a_draft,
    a_message_being_sent,
    accepted,
    deferred,
    refused,
)


def facts_of(message: Message) -> list[str]:
    return [type(fact).__name__ for fact in message.pending_events]


def replayed(message: Message) -> Message:
    copy: Message | None = None
    for fact in message.pending_events:
        copy = fact.mutate(copy)
    assert copy is not None
    return copy


def test_one_trigger_and_kind_make_one_identity() -> None:
    cause = Cause("/incidents", "6f1d.3")
    assert notification_id_of(cause, MessageKind.CASE_SUBMITTED) == notification_id_of(
        cause, MessageKind.CASE_SUBMITTED
    )
    assert notification_id_of(cause, MessageKind.CASE_SUBMITTED) != notification_id_of(
        cause, MessageKind.CDE_COPY
    )
    assert notification_id_of(cause, MessageKind.CDE_COPY) == uuid5(
        MESSAGES, "/incidents 6f1d.3 cde_copy"
    )  # for ever
    beside = {notification_id_of(cause, MessageKind.NOTE_ADDED, desk) for desk in ("", "cde", "caltac")}
    assert len(beside) == 3


def test_a_message_carries_its_own_id_in_its_message_id() -> None:
    message = a_composed_message()
    assert message.message_id == f"<{message.id}@stairs.example.org>"
    assert message.status is MessageStatus.CREATED


def test_a_message_that_everybody_got_is_delivered() -> None:
    message = a_message_being_sent()
    message.record_attempt([accepted(TO_SIA), accepted(TO_LEE)], actor=SYSTEM, at=TUESDAY)
    assert message.status is MessageStatus.DELIVERED
    assert facts_of(message) == ["Composed", "SendingStarted", "Delivered"]


def test_a_temporary_refusal_plans_another_attempt() -> None:
    message = a_message_being_sent()
    message.record_attempt([deferred(TO_SIA), deferred(TO_LEE)], actor=SYSTEM, at=TUESDAY)
    assert message.status is MessageStatus.TEMPORARY_FAILURE
    assert message.retry_at == TUESDAY + timedelta(seconds=15)
    assert message.waiting


def test_whoever_got_it_is_not_sent_it_again() -> None:
    message = a_message_being_sent()
    message.record_attempt([accepted(TO_SIA), deferred(TO_LEE)], actor=SYSTEM, at=TUESDAY)
    message.start_sending(actor=SYSTEM, at=TUESDAY)
    assert message.round.outstanding == (TO_LEE,)
    message.record_attempt([accepted(TO_LEE)], actor=SYSTEM, at=TUESDAY)
    assert message.status is MessageStatus.DELIVERED
    assert message.attempts == 2


def test_one_address_that_is_refused_for_good_is_a_permanent_failure_that_names_it() -> None:
    message = a_message_being_sent()
    message.record_attempt([accepted(TO_SIA), refused(TO_LEE)], actor=SYSTEM, at=TUESDAY)
    assert message.status is MessageStatus.PERMANENT_FAILURE
    assert message.reason == f"{TO_LEE.email}: 5.1.1 no such user"


def test_a_refusal_is_remembered_while_the_others_are_retried() -> None:
    message = a_message_being_sent()
    message.record_attempt([deferred(TO_SIA), refused(TO_LEE)], actor=SYSTEM, at=TUESDAY)
    message.start_sending(actor=SYSTEM, at=TUESDAY)
    message.record_attempt([accepted(TO_SIA)], actor=SYSTEM, at=TUESDAY)
    assert message.status is MessageStatus.PERMANENT_FAILURE


def test_after_72_hours_of_temporary_refusals_it_is_given_up() -> None:
    message = a_message_being_sent()
    late = TUESDAY + timedelta(hours=72)
    message.record_attempt([deferred(TO_SIA), deferred(TO_LEE)], actor=SYSTEM, at=late)
    assert message.status is MessageStatus.TECHNICAL_FAILURE
    assert message.reason == "given up after 1 attempts; last: 4.3.0 try later"


def test_a_sender_that_died_in_mid_air_leaves_a_message_that_can_be_taken_up_again() -> None:
    message = a_message_being_sent()
    message.start_sending(actor=SYSTEM, at=TUESDAY)
    assert message.attempts == 2
    assert message.status is MessageStatus.SENDING


def test_a_late_answer_to_a_repeated_attempt_is_refused() -> None:
    message = a_message_being_sent(TO_SIA)
    message.record_attempt([accepted(TO_SIA)], actor=SYSTEM, at=TUESDAY)
    with pytest.raises(NotBeingSent):
        message.record_attempt([deferred(TO_SIA)], actor=SYSTEM, at=TUESDAY)


def test_a_delivered_message_is_not_sent_by_itself_again() -> None:
    message = a_message_being_sent(TO_SIA)
    message.record_attempt([accepted(TO_SIA)], actor=SYSTEM, at=TUESDAY)
    with pytest.raises(NotBeingSent):
        message.start_sending(actor=SYSTEM, at=TUESDAY)


def test_a_resend_begins_a_new_round_for_everybody() -> None:
    message = a_message_being_sent(TO_SIA)
    message.record_attempt([accepted(TO_SIA)], actor=SYSTEM, at=TUESDAY)
    before = message.message_id
    message.send_again([TO_SIA, TO_LEE], actor=SYSTEM, at=TUESDAY)
    assert message.status is MessageStatus.CREATED
    assert message.round.outstanding == (TO_SIA, TO_LEE)
    assert message.message_id == before


def test_a_message_still_on_its_way_is_not_resent() -> None:
    message = a_message_being_sent()
    with pytest.raises(AlreadyOnItsWay):
        message.send_again([TO_SIA], actor=SYSTEM, at=TUESDAY)


def test_a_message_to_nobody_fails_at_once_and_visibly() -> None:
    message = Message.compose(a_draft(), mail_domain="stairs.example.org", actor=SYSTEM, at=TUESDAY)
    assert message.status is MessageStatus.TECHNICAL_FAILURE
    with pytest.raises(NobodyToSendTo):
        message.send_again([], actor=SYSTEM, at=TUESDAY)


def test_a_replay_ends_in_the_same_state() -> None:
    message = a_message_being_sent()
    message.record_attempt([accepted(TO_SIA), deferred(TO_LEE)], actor=SYSTEM, at=TUESDAY)
    message.start_sending(actor=SYSTEM, at=TUESDAY)
    message.record_attempt([refused(TO_LEE)], actor=SYSTEM, at=TUESDAY)
    message.send_again([TO_LEE], actor=SYSTEM, at=TUESDAY)
    again = replayed(message)
    assert (again.status, again.round, again.attempts, again.resends) == (
        message.status,
        message.round,
        message.attempts,
        message.resends,
    )
    assert isinstance(again.id, UUID)


@pytest.mark.parametrize("part", ["subject", "body_text", "body_html"])
def test_a_mail_whose_event_would_be_too_large_for_the_broker_is_never_written(part: str) -> None:
    draft = a_draft(TO_SIA)
    swollen = replace(draft, content=replace(draft.content, **{part: "&" * 150_001}))
    with pytest.raises(MailTooLong):
        Message.compose(swollen, mail_domain="stairs.example.org", actor=SYSTEM, at=TUESDAY)


def test_a_case_number_counts_for_the_length_of_the_mail() -> None:
    draft = a_draft(TO_SIA)
    swollen = replace(draft, matter=replace(draft.matter, case_number="x" * 150_001))
    with pytest.raises(MailTooLong):
        Message.compose(swollen, mail_domain="stairs.example.org", actor=SYSTEM, at=TUESDAY)
