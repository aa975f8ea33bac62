"""The list agrees with the message that it is about, whatever happened to it."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from services.notifications.api.resources import NotificationResource, NotificationSummary
from services.notifications.application.commands import Resend
from services.notifications.domain.values import MessageKind, Verdict
from services.notifications.read_model.tables import message_list
from tests.support.notifications.desk import LEADER_OF_LEA, NotificationDesk
from tests.support.notifications.service import list_of
from tests.support.notifications.states import a_submitted_case

ACCEPTED, DEFERRED, REFUSED = Verdict.ACCEPTED, Verdict.DEFERRED, Verdict.REFUSED


async def agreed(desk: NotificationDesk, told: UUID) -> dict[str, object]:
    """The row, once every value in it is the message's own."""
    row = vars(NotificationSummary.of_row(list_of(desk.store)[told]))
    message = vars(NotificationResource.of(await desk.message(told)))
    assert row == {name: message[name] for name in row}
    return row


async def test_the_row_follows_the_message_from_end_to_end() -> None:
    desk = NotificationDesk(DEFERRED, REFUSED, ACCEPTED)
    told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    assert (await agreed(desk, told))["status"] == "created"
    await desk.sender.send_what_is_due()
    assert (await agreed(desk, told))["status"] == "temporary_failure"
    desk.clock.advance(timedelta(minutes=1))
    await desk.sender.send_what_is_due()
    assert (await agreed(desk, told))["status"] == "permanent_failure"
    await desk.name_coordinators()
    await desk.messages.resend(Resend(told, LEADER_OF_LEA, desk.clock.now()))
    assert (await agreed(desk, told))["status"] == "created"
    await desk.sender.send_what_is_due()
    assert (await agreed(desk, told))["status"] == "delivered"
    assert (await agreed(desk, told))["attempts"] == 3


async def test_a_row_has_exactly_the_columns_of_its_table() -> None:
    desk = NotificationDesk()
    told = await desk.tell(MessageKind.CASE_SUBMITTED, a_submitted_case())
    assert list_of(desk.store)[told].keys() == set(message_list.columns.keys())


async def test_directory_entries_are_no_rows() -> None:
    desk = NotificationDesk()
    await desk.name_coordinators()
    assert list_of(desk.store) == {}
