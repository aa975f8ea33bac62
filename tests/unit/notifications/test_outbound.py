"""What this service publishes (contract §6), and what it does not."""

from __future__ import annotations

from services.notifications.domain.message import Message
from services.notifications.domain.values import MessageKind, Verdict
from services.notifications.messaging.outbound import SOURCE, publish
from shared.contracts.envelope import Published
from shared.contracts.notifications_v1 import NotificationCreated, NotificationDelivered, NotificationFailed
from shared.messaging.publishing.outgoing import published_event
from tests.support.notifications.desk import NotificationDesk
from tests.support.notifications.states import INCIDENT, a_submitted_case


async def published_after(*verdicts: Verdict) -> list[Published]:
    desk = NotificationDesk(*verdicts)
    await desk.name_coordinators()
    await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    await desk.sender.send_what_is_due()
    found = [publish(recorded.fact) for recorded in desk.store.all_facts()]
    return [event for event in found if event is not None]


async def test_a_message_is_published_with_all_that_a_mailer_outside_needs() -> None:
    created, _ = await published_after()
    assert isinstance(created, NotificationCreated)
    assert [person.email for person in created.recipients] == [
        "sia.site@school.example.org",
        "lee.leader@lea.example.org",
        "dee.delegate@lea.example.org",
    ]
    assert "2018-19-000123" in created.subject
    assert created.body_text
    assert created.body_html.startswith("<!doctype html>")
    assert created.kind == "case_submitted"
    assert str(created.notification_id) in created.message_id


async def test_a_delivery_is_published() -> None:
    _, delivered = await published_after(Verdict.ACCEPTED)
    assert isinstance(delivered, NotificationDelivered)
    assert delivered.attempts == 1


async def test_a_failure_for_good_is_published_with_its_reason() -> None:
    _, failed = await published_after(Verdict.REFUSED)
    assert isinstance(failed, NotificationFailed)
    assert failed.status == "permanent_failure"
    assert "sia.site@school.example.org: refused" in failed.reason


async def test_an_attempt_that_will_be_repeated_is_nobody_elses_business() -> None:
    assert [type(event) for event in await published_after(Verdict.DEFERRED)] == [NotificationCreated]


async def test_order_is_kept_per_case() -> None:
    assert {event.key for event in await published_after()} == {str(INCIDENT)}


async def test_the_published_event_has_the_identity_of_the_fact() -> None:
    desk = NotificationDesk()
    told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    (recorded,) = desk.store.all_facts()
    event = published_event(recorded, publish, SOURCE)
    assert event is not None
    assert isinstance(recorded.fact, Message.Composed)
    assert (event.id, event.source) == (f"{told}.1", "/notifications")
    assert event.time == recorded.fact.occurred_at
