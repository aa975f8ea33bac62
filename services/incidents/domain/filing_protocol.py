"""Who files in an LEA: everybody who may, or the LEA's coordinators alone (§3.3 note 1; M p49; P29)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID, uuid5

from eventsourcing.domain import Aggregate, event

from services.incidents.domain.facts import Person
from shared.kernel.actor import Actor

NAMES = UUID("8f5f4a7e-1b1c-5b0f-8a5e-0a4f6f7d2c93")


class FilingChoice(StrEnum):
    """An LEA's choice."""

    SITE_ALLOWED = "site_allowed"
    LEA_ONLY = "lea_only"


DEFAULT = FilingChoice.SITE_ALLOWED


def filing_protocol_of(lea: str) -> UUID:
    """The stream that belongs to an LEA."""
    return uuid5(NAMES, lea)


class FilingProtocol(Aggregate):
    """One LEA's choice; the last word counts."""

    TOPIC = "incidents.filing_protocol"

    # --- What can have happened. ---

    class Event(Aggregate.Event):
        """Every fact says who chose, when, and what."""

        actor: Person
        occurred_at: datetime
        lea: str
        protocol: str

    class Created(Aggregate.Created, Event):
        """Required by the library; never triggered."""

        TOPIC = "incidents.filing_protocol.created"

    class Chosen(Created):
        """The LEA chose for the first time."""

        TOPIC = "incidents.filing_protocol.chosen"

    class Changed(Event):
        """The LEA chose otherwise."""

        TOPIC = "incidents.filing_protocol.changed"

    # --- What may be asked. ---

    @classmethod
    def choose(cls, lea: str, protocol: FilingChoice, actor: Actor, at: datetime) -> FilingProtocol:
        """Choose for the first time."""
        return cls._create(cls.Chosen, id=filing_protocol_of(lea), **_said(lea, protocol, actor, at))

    def change(self, protocol: FilingChoice, actor: Actor, at: datetime) -> None:
        """Choose otherwise; the same again changes nothing."""
        if protocol is not self.protocol:
            self.trigger_event(self.Changed, **_said(self.lea, protocol, actor, at))

    # --- What changes. ---

    @event(Chosen)
    def __init__(self, *, lea: str, protocol: str, actor: Person, occurred_at: datetime) -> None:
        self.lea, self.protocol = lea, FilingChoice(protocol)
        self.chosen_by, self.chosen_at = Actor.from_fact(actor), occurred_at

    @event(Changed)
    def _apply_changed(self, protocol: str, actor: Person, occurred_at: datetime) -> None:
        self.protocol = FilingChoice(protocol)
        self.chosen_by, self.chosen_at = Actor.from_fact(actor), occurred_at


def _said(lea: str, protocol: FilingChoice, actor: Actor, at: datetime) -> dict[str, object]:
    return {"lea": lea, "protocol": protocol.value, "actor": actor.as_fact(), "occurred_at": at}
