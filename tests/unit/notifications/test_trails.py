"""A mail leads back to the request behind it: by a header, and by the lines and facts of its sending."""

from __future__ import annotations

import email
import email.policy
import io
import json
from email.headerregistry import Address
from email.message import EmailMessage

from services.notifications.application.ports import Mail
from services.notifications.domain.message import Message
from services.notifications.domain.values import MessageKind, Verdict
from services.notifications.providers.envelope import on_the_wire
from shared.kernel.trail import Trail
from shared.observability.correlation import following
from tests.support.notifications.desk import NotificationDesk
from tests.support.notifications.states import a_submitted_case

TRAIL = Trail("order-66", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
SENDER = Address("STAIRS", addr_spec="stairs@stairs.example.org")
HEADER = "X-STAIRS-Correlation-ID"


def parsed(mail: Mail) -> EmailMessage:
    octets = on_the_wire(mail, SENDER)
    return email.message_from_bytes(octets, _class=EmailMessage, policy=email.policy.default)


async def a_desk_that_was_told(*verdicts: Verdict, trail: Trail | None = TRAIL) -> NotificationDesk:
    desk = NotificationDesk(*verdicts)
    with following(trail):
        await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    return desk


async def test_every_attempt_names_the_request_that_led_to_the_mail() -> None:
    desk = await a_desk_that_was_told(Verdict.DEFERRED)
    await desk.sender.send_what_is_due()
    (due,) = desk.outgoing.due.values()
    desk.clock.advance(due - desk.clock.now())
    await desk.sender.send_what_is_due()
    assert [parsed(mail)[HEADER] for mail in desk.mailer.taken] == ["order-66", "order-66"]


async def test_a_mail_that_nobody_asked_for_names_no_request() -> None:
    desk = await a_desk_that_was_told(trail=None)
    await desk.sender.send_what_is_due()
    (mail,) = desk.mailer.taken
    assert HEADER not in parsed(mail)


async def test_the_outcome_of_an_attempt_belongs_to_the_request_behind_the_mail() -> None:
    desk = await a_desk_that_was_told()
    await desk.sender.send_what_is_due()
    trails = {type(each.fact): each.trail for each in desk.store.all_facts()}
    assert (trails[Message.Composed], trails[Message.Delivered]) == (TRAIL, TRAIL)


async def test_the_line_of_an_attempt_names_the_request_and_no_address(log: io.StringIO) -> None:
    desk = await a_desk_that_was_told()
    await desk.sender.send_what_is_due()
    (line,) = [each for each in map(json.loads, log.getvalue().splitlines()) if each["event"] == "mail_tried"]
    assert (line["correlation_id"], line["trace_id"]) == ("order-66", "4bf92f3577b34da6a3ce929d0e0e4736")
    assert line["verdicts"] == {"accepted": 1}
    assert "@" not in json.dumps(line)
