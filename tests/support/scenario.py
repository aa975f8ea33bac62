"""Given these facts, when this is asked, then these facts follow (or a refusal)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from eventsourcing.domain import Aggregate

from shared.kernel.errors import Refusal

A = TypeVar("A", bound=Aggregate)
ENVELOPE = {"originator_id", "originator_version", "timestamp", "originator_topic"}


@dataclass(frozen=True)
class Fact:
    """An event, without what the store adds to it."""

    name: str
    body: dict[str, Any]


def fact(kind: type, /, **body: object) -> Fact:
    """A fact as it is expected."""
    return Fact(kind.__name__, body)


@dataclass(frozen=True)
class Outcome:
    """What came of asking."""

    facts: tuple[Fact, ...]
    refusal: Refusal | None

    def then(self, *expected: Fact) -> None:
        """Exactly these facts, whole."""
        assert self.refusal is None, f"refused: {self.refusal}"
        assert self.facts == expected

    def then_only(self, kind: type, **some: object) -> None:
        """One fact of this kind, with at least this in it."""
        assert self.refusal is None, f"refused: {self.refusal}"
        assert [fact.name for fact in self.facts] == [kind.__name__]
        body = self.facts[0].body
        assert {name: body.get(name) for name in some} == some

    def then_refused(self, why: type[Refusal]) -> None:
        """A refusal of exactly this kind, and no fact."""
        assert type(self.refusal) is why, f"not refused with {why.__name__}: {self.refusal!r}"
        assert self.facts == ()


@dataclass(frozen=True)
class Given(Generic[A]):
    """An aggregate in some state."""

    aggregate: A

    def when(self, act: Callable[[A], None]) -> Outcome:
        """Ask something of it."""
        self.aggregate.collect_events()
        try:
            act(self.aggregate)
        except Refusal as refusal:
            return Outcome(tuple(_strip(e) for e in self.aggregate.collect_events()), refusal)
        return Outcome(tuple(_strip(e) for e in self.aggregate.collect_events()), None)


def given(aggregate: A) -> Given[A]:
    """An aggregate in some state, reached by its public methods."""
    return Given(aggregate)


def _strip(event: object) -> Fact:
    return Fact(type(event).__name__, {k: v for k, v in vars(event).items() if k not in ENVELOPE})
