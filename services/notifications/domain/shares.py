"""How much mail one LEA's acts may cause, and how fast; nothing of it holds back N1, N7 or N8.

A share frees itself evenly (the generic cell rate algorithm): so many messages at once, then one after the
other. What comes too fast waits for its turn in the queue; what would wait too long is not sent, and says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from services.notifications.domain.retries import LONGEST_DELAY
from services.notifications.domain.values import MessageKind

P = TypeVar("P")

NEVER_HELD_BACK = frozenset(
    {MessageKind.CASE_SUBMITTED, MessageKind.CONCERN_RECORDED, MessageKind.BREACH_CALL_NOW}
)
HOUR = timedelta(hours=1)
LONGEST_WAIT = LONGEST_DELAY  # the queue takes what is due later for the work of a wrong clock


@dataclass(frozen=True)
class MailLimits:
    """The settings that bound mails and the directory."""

    resend_pause: timedelta = timedelta(minutes=5)  # between two resends of a message
    recipients: int = 60  # of a message; an LEA's whole entry and who acted are 51
    messages_per_lea: int = 2_000  # an hour
    unverified_contacts: int = 20  # of an entry, where mail domains are set


@dataclass(frozen=True)
class Turn:
    """When a message is sent, and what its LEA has used of its share then."""

    due_at: datetime
    free_at: datetime  # when nothing of the share is in use any more


def turn_of(free_at: datetime | None, at: datetime, per_hour: int) -> Turn | None:
    """The turn of one message more; None: it would wait for longer than a message may.

    :param free_at: of the turn before; none, or one that only a wrong clock can have written, counts as none.
    """
    each = HOUR / per_hour
    begun = at if free_at is None or free_at > at + HOUR + LONGEST_WAIT else max(free_at, at)
    due_at = max(at, begun + each - HOUR)
    return None if due_at > at + LONGEST_WAIT else Turn(due_at, begun + each)


def within(kind: MessageKind, people: Sequence[P], most: int) -> tuple[P, ...]:
    """The first so many of those who should be told; all of them where nobody may be left out."""
    return tuple(people) if kind in NEVER_HELD_BACK else tuple(people[:most])
