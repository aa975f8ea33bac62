"""A concern that school staff report to coordinators (§3.2, §3.3; N7): no case, and no deadline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from eventsourcing.domain import Aggregate, event

from services.incidents.domain.facts import Person
from services.incidents.domain.values import Severity
from shared.kernel.actor import Actor


@dataclass(frozen=True)
class Observation:
    """What was seen."""

    school: str
    text: str
    # how urgent it seems to whoever reports it; the severity of a case is judged by the catalog
    severity_guess: Severity | None = None
    observed_at: datetime | None = None


class Concern(Aggregate):
    """One reported concern; coordinators decide what becomes of it."""

    TOPIC = "incidents.concern"

    # --- What can have happened. ---

    class Event(Aggregate.Event):
        """Every fact says who reported, and when."""

        actor: Person
        occurred_at: datetime

    class Created(Aggregate.Created, Event):
        """Required by the library; never triggered."""

        TOPIC = "incidents.concern.created"

    class Recorded(Created):
        """Somebody reported a concern."""

        TOPIC = "incidents.concern.recorded"
        school: str
        text: str
        severity_guess: str | None
        observed_at: datetime | None

    # --- What may be asked. ---

    @classmethod
    def record(cls, concern_id: UUID, seen: Observation, actor: Actor, at: datetime) -> Concern:
        """Record a concern."""
        return cls._create(
            cls.Recorded,
            id=concern_id,
            school=seen.school,
            text=seen.text,
            severity_guess=seen.severity_guess.value if seen.severity_guess else None,
            observed_at=seen.observed_at,
            actor=actor.as_fact(),
            occurred_at=at,
        )

    # --- What changes. ---

    @event(Recorded)
    def __init__(  # the library fills the parameters from the fact's fields
        self,
        *,
        school: str,
        text: str,
        severity_guess: str | None,
        observed_at: datetime | None,
        actor: Person,
        occurred_at: datetime,
    ) -> None:
        guess = Severity(severity_guess) if severity_guess else None
        self.seen = Observation(school, text, guess, observed_at)
        self.recorded_by, self.recorded_at = Actor.from_fact(actor), occurred_at
