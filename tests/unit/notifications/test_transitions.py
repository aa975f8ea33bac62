"""Every status against everything that can be asked of a message: where it leads, or why it is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from services.notifications.domain.errors import AlreadyOnItsWay, NotBeingSent
from services.notifications.domain.message import Message
from services.notifications.domain.values import MessageStatus, Verdict
from shared.kernel.errors import Refusal
from tests.support.notifications.states import (
    SYSTEM,
    TO_SIA,
    TUESDAY,
    a_composed_message,
    a_message_being_sent,
    accepted,
    deferred,
    refused,
)

LATE = TUESDAY + timedelta(hours=72)
Act = Callable[[Message], None]


def answered(*answers: object, **at: object) -> Message:
    message = a_message_being_sent(TO_SIA)
    message.record_attempt(answers, **{"actor": SYSTEM, "at": TUESDAY, **at})  # type: ignore[arg-type]  # as named
    return message


IN: dict[MessageStatus, Callable[[], Message]] = {
    MessageStatus.CREATED: lambda: a_composed_message(TO_SIA),
    MessageStatus.SENDING: lambda: a_message_being_sent(TO_SIA),
    MessageStatus.TEMPORARY_FAILURE: lambda: answered(deferred(TO_SIA)),
    MessageStatus.DELIVERED: lambda: answered(accepted(TO_SIA)),
    MessageStatus.PERMANENT_FAILURE: lambda: answered(refused(TO_SIA)),
    MessageStatus.TECHNICAL_FAILURE: lambda: answered(deferred(TO_SIA), at=LATE),
}
ACTS: dict[str, Act] = {
    "start": lambda it: it.start_sending(actor=SYSTEM, at=TUESDAY),
    "accepted": lambda it: it.record_attempt([accepted(TO_SIA)], actor=SYSTEM, at=TUESDAY),
    "deferred": lambda it: it.record_attempt([deferred(TO_SIA)], actor=SYSTEM, at=TUESDAY),
    "deferred for 72 hours": lambda it: it.record_attempt([deferred(TO_SIA)], actor=SYSTEM, at=LATE),
    "refused": lambda it: it.record_attempt([refused(TO_SIA)], actor=SYSTEM, at=TUESDAY),
    "outside: accepted": lambda it: it.record_outside_attempt(Verdict.ACCEPTED, "", actor=SYSTEM, at=LATE),
    "outside: deferred": lambda it: it.record_outside_attempt(Verdict.DEFERRED, "", actor=SYSTEM, at=LATE),
    "outside: refused": lambda it: it.record_outside_attempt(Verdict.REFUSED, "", actor=SYSTEM, at=LATE),
    "send again": lambda it: it.send_again([TO_SIA], actor=SYSTEM, at=TUESDAY),
}
BY_OUR_SENDER = ("accepted", "deferred", "deferred for 72 hours", "refused")
WAITING = (MessageStatus.CREATED, MessageStatus.SENDING, MessageStatus.TEMPORARY_FAILURE)
OUTCOMES: dict[str, MessageStatus] = {
    "start": MessageStatus.SENDING,
    "accepted": MessageStatus.DELIVERED,
    "deferred": MessageStatus.TEMPORARY_FAILURE,
    "deferred for 72 hours": MessageStatus.TECHNICAL_FAILURE,
    "refused": MessageStatus.PERMANENT_FAILURE,
    "outside: accepted": MessageStatus.DELIVERED,
    "outside: deferred": MessageStatus.TEMPORARY_FAILURE,  # whoever delivers says when it gives up
    "outside: refused": MessageStatus.PERMANENT_FAILURE,
    "send again": MessageStatus.CREATED,
}


def expected(status: MessageStatus, act: str) -> MessageStatus | type[Refusal]:
    if act == "send again":
        return AlreadyOnItsWay if status in WAITING else OUTCOMES[act]
    allowed = (MessageStatus.SENDING,) if act in BY_OUR_SENDER else WAITING
    return OUTCOMES[act] if status in allowed else NotBeingSent


@pytest.mark.parametrize("status", MessageStatus)
@pytest.mark.parametrize("act", ACTS)
def test_every_act_in_every_status_leads_where_it_should_or_changes_nothing(
    status: MessageStatus, act: str
) -> None:
    message = IN[status]()
    assert message.status is status
    facts, outcome = len(message.pending_events), expected(status, act)
    if isinstance(outcome, MessageStatus):
        ACTS[act](message)
        assert message.status is outcome
    else:
        with pytest.raises(outcome):
            ACTS[act](message)
        assert (message.status, len(message.pending_events)) == (status, facts)
