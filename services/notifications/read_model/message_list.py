"""The projection behind ``GET /v1/notifications``: one row per message, folded from its facts alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from eventsourcing.domain import DomainEventProtocol

from services.notifications.domain import facts
from services.notifications.domain.message import Message
from services.notifications.domain.values import MessageStatus
from services.notifications.read_model import tables

MessageRow = dict[str, object]


class MessageList:
    """Which messages there are, and how far each has come."""

    name = "message_list"
    table: sa.Table = tables.message_list

    def fold(self, row: MessageRow | None, fact: DomainEventProtocol[Any]) -> MessageRow | None:
        """The row after one more fact; facts of other aggregates leave no row."""
        if isinstance(fact, Message.Composed):
            return _composed(fact)
        if row is None or not isinstance(fact, Message.Event):
            return row
        change = _CHANGES.get(type(fact))
        return {**row, **(change(fact) if change else {}), "version": fact.originator_version}


def _composed(fact: facts.Composed) -> MessageRow:
    return {
        "id": fact.originator_id,
        "version": fact.originator_version,
        "kind": fact.kind,
        "status": MessageStatus.CREATED.value,
        "incident_id": fact.incident_id,
        "case_number": fact.case_number,
        "lea": fact.lea,
        "school": fact.school,
        **_recipients(fact.recipients),
        "subject": fact.content["subject"],
        "body_text": fact.content["body_text"],
        "message_id": fact.message_id,
        "attempts": 0,
        "reason": None,
        "retry_at": None,
        "created_at": fact.occurred_at,
        "delivered_at": None,
    }


def _sending_started(fact: facts.SendingStarted) -> MessageRow:
    return {"status": MessageStatus.SENDING.value, "attempts": fact.attempt}


def _attempt_failed(fact: facts.AttemptFailed) -> MessageRow:
    return {"status": MessageStatus.TEMPORARY_FAILURE.value, "reason": fact.reason, "retry_at": fact.retry_at}


def _delivered(fact: facts.Delivered) -> MessageRow:
    return {
        "status": MessageStatus.DELIVERED.value,
        "reason": None,
        "retry_at": None,
        "delivered_at": fact.occurred_at,
    }


def _failed(fact: facts.Failed) -> MessageRow:
    return {"status": fact.status, "reason": fact.reason, "retry_at": None}


def _resend_requested(fact: facts.ResendRequested) -> MessageRow:
    return {
        "status": MessageStatus.CREATED.value,
        "reason": None,
        "retry_at": None,
        **_recipients(fact.recipients),
    }


def _recipients(recipients: list[dict[str, str]]) -> MessageRow:
    return {
        "recipients": recipients,
        "addresses": [recipient["email"].casefold() for recipient in recipients],
    }


_CHANGES: dict[
    type, Callable[[Any], MessageRow]
] = {  # Any: each function takes the fact that it is filed under
    Message.SendingStarted: _sending_started,
    Message.AttemptFailed: _attempt_failed,
    Message.Delivered: _delivered,
    Message.Failed: _failed,
    Message.ResendRequested: _resend_requested,
}
