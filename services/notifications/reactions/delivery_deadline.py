"""K21: a mail is with its mail server two hours after what triggered it; otherwise somebody is alerted.

The deadline is set in the transaction that writes the message, by the instant of its trigger. It is met by
the fact that the message was delivered. A miss is an error in the log and a row of the ledger, never a mail.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, TypeVar
from uuid import UUID

import structlog
from eventsourcing.domain import Aggregate, DomainEvent

from services.notifications.domain.message import Message
from services.notifications.rulebooks.policy import DEFAULT_YEAR, policies
from shared.contracts.envelope import CloudEvent
from shared.deadlines.changing import apply_few
from shared.deadlines.deadline import Deadline
from shared.deadlines.terms import DeadlineChange, Done, Due, Terms
from shared.kernel.store import Receipt, Store
from shared.kernel.trail import Trail
from shared.messaging.consuming.consumer import Handler
from shared.persistence.codec import Recorded
from shared.persistence.unit_of_work import UnitOfWork
from shared.rulebooks.judging import document_of, version_of

A = TypeVar("A", bound=Aggregate)

SERVICE = "notifications"  # in the identity of its deadlines
DELIVERY: Final = "K21"

_log = structlog.get_logger(__name__)


class DeliveryDeadlines:
    """Which facts of this service meet which deadlines."""

    async def prepare(self, page: Sequence[Recorded]) -> None:
        """Nothing but the facts is looked at."""

    async def changes(self, page: Sequence[Recorded], unit: UnitOfWork) -> Sequence[DeadlineChange]:  # noqa: ARG002 - the port's
        """A message that was delivered has met its deadline."""
        facts: list[Any] = [
            recorded.fact for recorded in page
        ]  # Any: told apart by what they are filed under
        delivered = [fact for fact in facts if getattr(fact, "TOPIC", None) == Message.Delivered.TOPIC]
        return [Done(DELIVERY, str(fact.originator_id), fact.occurred_at) for fact in delivered]


def with_deadlines(handlers: Mapping[str, Handler]) -> Mapping[str, Handler]:
    """The same handlers; every message that one of them writes has its deadline set with it."""
    return {kind: _with_deadline(handler) for kind, handler in handlers.items()}


def alert(fact: DomainEvent) -> None:
    """Tell whoever reads the log that a mail is late."""
    if isinstance(fact, Deadline.Missed):
        about = {name: fact.about[name] for name in ("notification_id", "kind", "case_number")}
        _log.error("mail_overdue", clock=DELIVERY, due_at=fact.due_at.isoformat(), **about)


def _with_deadline(handler: Handler) -> Handler:
    async def handle(event: CloudEvent, unit: UnitOfWork) -> None:
        await handler(event, replace(unit, store=_DeadlineSetting(unit.store, triggered_at(event))))

    return handle


def triggered_at(event: CloudEvent) -> datetime:
    """When it could be known that somebody must be told.

    A deadline's event happened when it was due; before it was noticed, nobody could write the mail.
    """
    noticed_at = event.data.get("noticed_at")
    return datetime.fromisoformat(noticed_at) if isinstance(noticed_at, str) else event.time


@dataclass(frozen=True)
class _DeadlineSetting:
    """A store that sets the deadline of each new message in the message's own transaction."""

    store: Store
    triggered_at: datetime

    async def load(self, kind: type[A], aggregate_id: UUID, *, version: int | None = None) -> A:
        return await self.store.load(kind, aggregate_id, version=version)

    async def trail_of(self, aggregate_id: UUID) -> Trail | None:
        return await self.store.trail_of(aggregate_id)

    async def save(self, *aggregates: Aggregate, receipt: Receipt | None = None) -> None:
        new = [each for each in aggregates if isinstance(each, Message) and _is_to_be_sent(each)]
        await self.store.save(*aggregates, receipt=receipt)
        await apply_few(SERVICE, self.store, [_due(message, self.triggered_at) for message in new])


def _is_to_be_sent(message: Message) -> bool:
    """Whether it is new, and no warning that came too late: that is not sent on purpose."""
    new = any(fact.originator_version == 1 for fact in message.pending_events)
    return new and message.fits(message.created_at)


def _due(message: Message, triggered_at: datetime) -> Due:
    terms, within = _rule()
    matter = message.matter
    about = {
        "notification_id": str(message.id),
        "incident_id": str(matter.incident_id),
        "kind": message.kind.value,
        "case_number": matter.case_number,
        "lea": matter.lea,
        "school": matter.school,
    }
    return Due(str(message.id), terms, triggered_at + within, triggered_at, about=about)


@cache
def _rule() -> tuple[Terms, timedelta]:
    policy = policies()[DEFAULT_YEAR]
    clock = policy.clocks[DELIVERY]
    version = version_of(document_of(policy))
    return Terms(DELIVERY, clock.title, False, policy.year, version), timedelta(hours=clock.hours)
