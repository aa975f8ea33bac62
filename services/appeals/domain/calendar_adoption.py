"""The adoption of a calendar: which running decision deadlines it moves, from when to when (ADR 0014)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from eventsourcing.domain import Aggregate, event

from shared.kernel.actor import Actor


@dataclass(frozen=True)
class Move:
    """One undecided appeal whose decision is due by another calendar; the instants may be the same."""

    appeal_id: UUID
    appeal_number: str
    clock: str
    old_decide_by: datetime
    new_decide_by: datetime
    old_calendar_version: str
    calendar_version: str

    def as_fact(self) -> dict[str, Any]:
        """The form in which an event keeps it."""
        return {**vars(self), "appeal_id": str(self.appeal_id)}


class CalendarAdoption(Aggregate):
    """What an operator did when the list of holidays changed; a stream of one fact."""

    TOPIC = "appeals.calendar_adoption"

    class Created(Aggregate.Created):
        """Required by the library; never triggered."""

        TOPIC = "appeals.calendar_adoption.created"

    class Adopted(Created):
        """Running decision clocks were moved, all of them at once; each appeal keeps its own part too."""

        TOPIC = "appeals.calendar_adoption.adopted"
        moves: list[dict[str, Any]]
        actor: dict[str, str | None]
        occurred_at: datetime

    @classmethod
    def of(cls, adoption_id: UUID, moves: Sequence[Move], actor: Actor, at: datetime) -> CalendarAdoption:
        """Record an adoption."""
        kept = [move.as_fact() for move in moves]
        return cls._create(cls.Adopted, id=adoption_id, moves=kept, actor=actor.as_fact(), occurred_at=at)

    @event(Adopted)
    def __init__(self, moves: list[dict[str, Any]]) -> None:
        """The moves of the adoption."""
        self.moves = moves
