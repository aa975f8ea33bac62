"""What leads from a fact back to the request that caused it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trail:
    """The same in all that one request caused, through however many services (ADR 0018)."""

    correlation_id: str
    traceparent: str | None = None  # W3C's, as the request brought it
