"""The ports that the use cases need beside the event store."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from eventsourcing.domain import DomainEvent

from services.appeals.domain.policy import AppealPolicy
from services.appeals.domain.values import KnownCase
from shared.kernel.store import Store


class KnownCases(Protocol):
    """The submitted cases that this service has heard of."""

    async def find(self, case_number: str) -> KnownCase | None:
        """The case with this number, with the end of its testing window and who files, as far as known."""
        ...


class AppealNumbers(Protocol):
    """Numbers for people to name an appeal by: unique, never reused, nothing of a student in them."""

    async def reserve(self, case_number: str, count: int) -> Sequence[str]:
        """So many new numbers under a case; a reserved number that is not used leaves a gap."""
        ...


class Policies(Protocol):
    """The rulebooks by administration year."""

    def for_year(self, administration_year: str) -> AppealPolicy:
        """The rulebook of a year; a year without one is decided by the default's."""
        ...


class RecordedFact(Protocol):
    """A stored fact."""

    @property
    def fact(self) -> DomainEvent:
        """The fact; its ``timestamp`` is when it was recorded."""
        ...


class Archive(Store, Protocol):
    """A store that also reads the recorded facts of a stream."""

    async def facts(self, aggregate_id: UUID) -> Sequence[RecordedFact]:
        """Everything that happened to an aggregate, oldest first; empty if nothing ever did."""
        ...
