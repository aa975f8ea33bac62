"""Mails that come back after a mail server took them: reports, return addresses, and what they change."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from services.notifications.application.commands import RecordReturn
from services.notifications.application.sending import Returns
from services.notifications.domain.errors import AlreadyOnItsWay
from services.notifications.domain.message import Message
from services.notifications.domain.values import MessageKind, MessageStatus, Returned, Verdict
from services.notifications.messaging.outbound import publish
from services.notifications.providers.delivery_status import MOST_RECIPIENTS, undelivered
from services.notifications.providers.return_path import ReturnPaths, with_room
from shared.contracts.notifications_v1 import NotificationFailed
from shared.kernel.errors import NotFound
from tests.support.notifications.desk import NotificationDesk
from tests.support.notifications.states import (
    SYSTEM,
    TO_LEE,
    TO_SIA,
    TUESDAY,
    a_composed_message,
    a_message_being_sent,
    a_submitted_case,
    accepted,
    deferred,
    refused,
)
from tests.support.servers.reports import PLAIN_MAIL, a_report

ID = UUID("6f1d0c9a-0000-4000-8000-000000000001")
KEY = "k" * 32
PATHS = ReturnPaths("Bounces@stairs.example.org", KEY)
GONE = "returned: 5.1.1 no such user"


def came_back(*addresses: str) -> Returned:
    return Returned(addresses, GONE)


def returned(message: Message, *reports: Returned, resend: int = 0) -> None:
    message.record_return(reports, resend=resend, actor=SYSTEM, at=TUESDAY)


def a_delivered_message() -> Message:
    message = a_message_being_sent(TO_SIA, TO_LEE)
    message.record_attempt([accepted(TO_SIA), accepted(TO_LEE)], actor=SYSTEM, at=TUESDAY)
    return message


# --- What a return changes. ---


def test_a_delivered_mail_that_comes_back_has_failed_for_good() -> None:
    message = a_delivered_message()
    returned(message, came_back(TO_LEE.email.upper()))
    assert message.status is MessageStatus.PERMANENT_FAILURE
    assert message.reason == f"{TO_LEE.email}: {GONE}"
    assert message.delivered_at == TUESDAY
    fact = message.pending_events[-1]
    assert isinstance(fact, Message.Failed)
    told = publish(fact)
    assert isinstance(told, NotificationFailed)
    assert (told.status, told.reason) == ("permanent_failure", message.reason)


def test_a_second_return_adds_to_the_first_and_a_repeated_one_changes_nothing() -> None:
    message = a_delivered_message()
    returned(message, came_back(TO_LEE.email))
    version = message.version
    returned(message, came_back(TO_LEE.email), came_back("somebody@else.example.org"))
    assert message.version == version
    returned(message, came_back(TO_SIA.email), came_back(TO_SIA.email))
    assert message.reason == f"{TO_LEE.email}: {GONE}; {TO_SIA.email}: {GONE}"
    assert message.version == version + 1


def test_a_return_joins_a_refusal_of_before() -> None:
    message = a_message_being_sent(TO_SIA, TO_LEE)
    message.record_attempt([accepted(TO_SIA), refused(TO_LEE)], actor=SYSTEM, at=TUESDAY)
    before = message.reason
    returned(message, came_back(TO_SIA.email))
    assert message.status is MessageStatus.PERMANENT_FAILURE
    assert message.reason == f"{before}; {TO_SIA.email}: {GONE}"


def test_a_return_of_a_mail_that_is_still_tried_for_others_counts_in_the_end() -> None:
    message = a_message_being_sent(TO_SIA, TO_LEE)
    message.record_attempt([accepted(TO_SIA), deferred(TO_LEE)], actor=SYSTEM, at=TUESDAY)
    retry_at, reason = message.retry_at, message.reason
    returned(message, came_back(TO_SIA.email))
    assert (message.status, message.retry_at, message.reason) == (
        MessageStatus.TEMPORARY_FAILURE,
        retry_at,
        reason,
    )
    message.start_sending(actor=SYSTEM, at=TUESDAY)
    message.record_attempt([accepted(TO_LEE)], actor=SYSTEM, at=TUESDAY)
    assert message.status is MessageStatus.PERMANENT_FAILURE
    assert message.reason == f"{TO_SIA.email}: {GONE}"


@pytest.mark.parametrize("message", [a_composed_message(TO_SIA), a_message_being_sent(TO_SIA)])
def test_a_return_waits_until_the_attempt_in_hand_is_on_record(message: Message) -> None:
    with pytest.raises(AlreadyOnItsWay):
        returned(message, came_back(TO_SIA.email))


def test_a_return_of_an_earlier_sending_changes_nothing() -> None:
    message = a_delivered_message()
    message.send_again([TO_SIA], actor=SYSTEM, at=TUESDAY)
    version = message.version
    returned(message, came_back(TO_SIA.email), resend=0)
    assert message.version == version


def test_the_only_recipient_is_meant_wherever_the_mail_was_forwarded_to() -> None:
    message = a_message_being_sent(TO_SIA)
    message.record_attempt([accepted(TO_SIA)], actor=SYSTEM, at=TUESDAY)
    returned(message, came_back("sia@forwarded.example.org"))
    assert message.reason == f"{TO_SIA.email}: {GONE}"


def test_what_was_given_up_stays_given_up() -> None:
    message = a_message_being_sent(TO_SIA, TO_LEE)
    message.record_attempt(
        [accepted(TO_SIA), deferred(TO_LEE)], actor=SYSTEM, at=TUESDAY.replace(day=TUESDAY.day + 4)
    )
    returned(message, came_back(TO_SIA.email))
    assert message.status is MessageStatus.TECHNICAL_FAILURE
    assert (message.reason or "").endswith(f"{TO_SIA.email}: {GONE}")


async def test_a_report_is_put_on_record() -> None:
    desk = NotificationDesk()
    told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    await desk.sender.send_what_is_due()
    returns = Returns(desk.open, desk.clock)
    await returns.record(told, 0, [(("sia.site@school.example.org",), GONE)])
    message = await desk.message(told)
    assert message.status is MessageStatus.PERMANENT_FAILURE
    assert [answer["verdict"] for answer in message.round.refusals] == [Verdict.REFUSED]
    with pytest.raises(NotFound):
        await returns.record(ID, 0, [(("sia.site@school.example.org",), GONE)])


async def test_a_command_names_the_sending_that_came_back() -> None:
    desk = NotificationDesk()
    told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    await desk.sender.send_what_is_due()
    async with desk.open() as messages:
        await messages.record_return(RecordReturn(told, 1, (came_back("x@y.example"),), TUESDAY))
    assert (await desk.message(told)).status is MessageStatus.DELIVERED
    assert [mail.resends for mail in desk.mailer.taken] == [0]


# --- Return addresses. ---


def test_a_return_address_says_which_sending_of_which_mail() -> None:
    address = PATHS.of(ID, 3)
    assert PATHS.read(address) == (ID, 3)
    assert PATHS.read(address.upper()) == (ID, 3)
    assert len(address.partition("@")[0]) <= 64


@pytest.mark.parametrize(
    "change",
    [
        lambda address: address.replace(".3.", ".4."),
        lambda address: address.replace("6f1d", "6f1e"),
        lambda address: address.replace("Bounces", "others"),
        lambda address: address.replace("stairs.example.org", "evil.example"),
        lambda address: address.replace("+", "-"),
        lambda address: address.partition("@")[0],
        lambda _: "",
        lambda _: "Bounces@stairs.example.org",
        lambda _: ReturnPaths(PATHS.address, "l" * 32).of(ID, 3),
    ],
)
def test_an_address_that_we_did_not_make_is_none_of_ours(change: Callable[[str], str]) -> None:
    assert PATHS.read(change(PATHS.of(ID, 3))) is None


@pytest.mark.parametrize("address", ["a.long.mailbox.x@stairs.example.org", "a+b@stairs.example.org"])
def test_a_return_mailbox_has_room_for_what_is_added(address: str) -> None:
    assert with_room(PATHS.address) == PATHS.address
    with pytest.raises(ValueError, match="14 characters"):
        with_room(address)


# --- Reports. ---


def test_a_report_names_who_was_not_reached_and_why() -> None:
    (one, other) = undelivered(a_report("sia@school.example.org", "lee@lea.example.org"))
    assert one.addresses == ("sia@school.example.org", "sia@school.example.org")
    assert (one.status, one.diagnostic) == ("5.1.1", "550 5.1.1 no such user")
    assert other.addresses[0] == "lee@lea.example.org"


def test_a_report_with_bare_line_ends_and_a_folded_diagnostic_is_read_as_well() -> None:
    report = a_report(
        "sia@school.example.org", diagnostic="smtp; 550-5.1.1 no\r\n    such user", original=False
    )
    for octets in (report, report.replace(b"\r\n", b"\n")):
        (one,) = undelivered(octets)
        assert one.addresses == ("sia@school.example.org",)
        assert one.diagnostic == "550-5.1.1 no such user"


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", ""])
def test_a_report_of_anything_but_a_failure_says_nobody(action: str) -> None:
    assert undelivered(a_report("sia@school.example.org", action=action)) == []


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"\r\n\r\n",
        PLAIN_MAIL,
        a_report(),
        a_report("sia@school.example.org").replace(b"multipart/report", b"multipart/mixed"),
        a_report("sia@school.example.org").replace(b"message/delivery-status", b"text/plain"),
        a_report("sia@school.example.org").replace(b"boundary=", b"bound="),
        a_report("sia@school.example.org")[:600],
        a_report("two addresses@school.example.org", original=False),
        a_report("x" * 300 + "@school.example.org"),
        b"Content-Type: multipart/report; boundary=x\r\n\r\n" + b"--x\r\n" * 40_000,
        b"\xff" * 200_000,
        b"Content-Type: multipart/report" + b"\r\n x" * 60_000,
    ],
)
def test_a_mail_of_another_form_is_no_report(octets: bytes) -> None:
    assert undelivered(octets) == []


def test_a_report_is_read_to_its_hundredth_recipient() -> None:
    assert len(undelivered(a_report(*(f"a{n}@school.example.org" for n in range(300))))) == MOST_RECIPIENTS
