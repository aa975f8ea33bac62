"""Decides whether a message that failed is retried or given up."""

from __future__ import annotations

from datetime import UTC, datetime

from pydantic import ValidationError

from shared.kernel.errors import Refusal
from shared.kernel.store import StreamMoved
from shared.messaging.consuming.feed import Failure, FeedUnavailable
from shared.observability.redaction import redact
from shared.persistence.faults import QueueFull, StoreUnavailable

UNAVAILABLE = (StoreUnavailable, QueueFull, FeedUnavailable)
"""Errors that are not the message's fault: the database or the carrier is away."""

RACES = 10  # lost races against other writers after which a message counts as a bug


class Tries:
    """The failures of one message so far."""

    def __init__(self, attempts: int) -> None:
        self._attempts = attempts
        self._refused = self._races = 0
        self._first_failed_at: datetime | None = None
        self.in_a_row = 0  # failures of any kind, for the back-off

    def judge(self, error: Exception) -> Failure | None:
        """Count a failure; returns None to retry, or the reason why the message is given up."""
        self.in_a_row += 1
        if isinstance(error, UNAVAILABLE):
            return None
        self._first_failed_at = self._first_failed_at or datetime.now(UTC)
        if isinstance(error, StreamMoved):
            self._races += 1
        else:
            self._refused += 1
        if not self._given_up(error):
            return None
        return Failure(why(error), self._refused + self._races, self._first_failed_at)

    def _given_up(self, error: Exception) -> bool:
        if isinstance(error, ValidationError):  # its data are not what the contract says, and stay so
            return True
        return self._refused >= self._attempts or self._races >= RACES


def why(error: Exception) -> str:
    """The reason in words that never hold the message's data."""
    if isinstance(error, Refusal):
        return redact(f"{error.code}: {error.detail}")
    if isinstance(error, ValidationError):
        found = error.errors(include_url=False, include_context=False, include_input=False)
        told = [f"{'.'.join(str(step) for step in each['loc'])}: {each['msg']}" for each in found[:5]]
        return redact(f"{error.title}: " + "; ".join(told))
    first_line = str(error).partition("\n")[0][:200]
    return redact(f"{type(error).__name__}: {first_line}")
