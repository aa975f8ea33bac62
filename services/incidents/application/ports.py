"""The ports that the use cases need beside the event store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol
from uuid import UUID

from eventsourcing.domain import DomainEvent

from services.incidents.domain.rulebook import Rulebook
from services.incidents.domain.values import SealedStudent


class StudentVault(Protocol):
    """Seals and unseals SSIDs; nothing else in the system can (ADR 0007)."""

    def ref(self, ssid: str) -> str:
        """The student's first keyed pseudonym: the same in every case, and no way back without the key."""
        ...

    async def present_ref(self, ssid: str) -> str:
        """The pseudonym under which the student would be reported now: another one after an erasure."""
        ...

    async def seal(self, ssids: Sequence[str], caller: str) -> list[SealedStudent]:
        """Each SSID sealed under its student's own key, in the same order.

        :param caller: who reports them: ``sub`` of the token.
        :raises TooManyNewStudents: the caller has named as many new ones as one may in a day.
        """
        ...

    async def unseal(self, students: Sequence[SealedStudent]) -> Mapping[str, str]:
        """The SSIDs by ``student_ref``; whoever is erased or cannot be opened is absent, nobody else is."""
        ...


class CaseNumbers(Protocol):
    """Hands out case numbers."""

    async def issue(self, year: str) -> str:
        """The next number of the year, ``2018-19-000123``: never issued twice; gaps are possible (A-18)."""
        ...


class Rulebooks(Protocol):
    """The rules of every year, in memory."""

    def for_year(self, year: str | None) -> Rulebook:
        """The rules that decide a case of this year (or of a year that nobody stated yet)."""
        ...


class RecordedFact(Protocol):
    """A fact and its place among all facts of the service."""

    @property
    def position(self) -> int:
        """The position among all facts of the service; it grows with time."""
        ...

    @property
    def fact(self) -> DomainEvent:
        """What happened; its ``timestamp`` is when it was recorded."""
        ...


class FactArchive(Protocol):
    """Reads the recorded facts of a stream."""

    async def facts(self, aggregate_id: UUID) -> Sequence[RecordedFact]:
        """Everything recorded under this id, oldest first; nothing for an unknown id."""
        ...
