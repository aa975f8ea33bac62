# ruff: noqa: ARG002 - a mutator takes all that its fact holds
"""A small aggregate of no service, for tests of what all services share."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID, uuid4

from eventsourcing.domain import Aggregate, event

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
ACTOR: dict[str, str | None] = {"sub": "eve", "role": "system"}


class Logbook(Aggregate):
    """Lines, until it is burned."""

    TOPIC = "tests.logbook"

    class Event(Aggregate.Event):
        actor: dict[str, str | None]
        occurred_at: datetime

    class Created(Aggregate.Created, Event):
        TOPIC = "tests.logbook.created"

    class Opened(Created):
        TOPIC = "tests.logbook.opened"
        logbook_id: UUID
        title: str

    class Written(Event):
        TOPIC = "tests.logbook.written"
        line: str

    class Burned(Event):
        TOPIC = "tests.logbook.burned"

    @staticmethod
    def create_id(logbook_id: UUID) -> UUID:
        return logbook_id

    @event(Opened)
    def __init__(
        self, *, logbook_id: UUID, title: str, actor: dict[str, str | None], occurred_at: datetime
    ) -> None:
        self.title = title
        self.lines: list[str] = []
        self.burned = False

    def write(self, line: str) -> None:
        self._apply_written(line=line, actor=ACTOR, occurred_at=NOON)

    def burn(self) -> None:
        self._apply_burned(actor=ACTOR, occurred_at=NOON)

    @event(Written)
    def _apply_written(self, line: str, actor: dict[str, str | None], occurred_at: datetime) -> None:
        self.lines = [*self.lines, line]

    @event(Burned)
    def _apply_burned(self, actor: dict[str, str | None], occurred_at: datetime) -> None:
        self.burned = True


class Shelf(Aggregate):
    """Another kind of aggregate."""

    TOPIC = "tests.shelf"

    class Created(Aggregate.Created):
        TOPIC = "tests.shelf.created"


def a_logbook(title: str = "Deck", *lines: str, logbook_id: UUID | None = None) -> Logbook:
    logbook = Logbook(logbook_id=logbook_id or uuid4(), title=title, actor=ACTOR, occurred_at=NOON)
    for line in lines:
        logbook.write(line)
    return logbook
