"""Searches in the lists: who may search is judged here; a list keeps to the caller's scope (HR-29)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from services.incidents.application.ports import StudentVault
from services.incidents.domain.permissions import require_case_reader, require_ssid_reader
from shared.kernel.actor import Actor

W = TypeVar("W")  # what is looked for
W_contra = TypeVar("W_contra", contravariant=True)
Listed = Sequence[dict[str, Any]]


class Rows(Protocol[W_contra]):
    """A list that can be searched."""

    async def find(
        self, wanted: W_contra, actor: Actor, /, *, after: tuple[datetime, UUID] | None, limit: int
    ) -> Listed:
        """Up to ``limit`` rows in the caller's scope behind a place in the list."""
        ...


class OfStudent(Protocol):
    """What is looked for in the list of cases."""

    def of_student(self: C, student_ref: str) -> C:
        """The same, and this student."""
        ...


C = TypeVar("C", bound=OfStudent)


class CaseSearches(Generic[C]):
    """Searches the cases."""

    def __init__(self, rows: Rows[C], vault: StudentVault) -> None:
        self._rows = rows
        self._vault = vault

    def reference(self, ssid: str) -> str:
        """The student's reference: what an audit may name."""
        return self._vault.ref(ssid)

    async def find(
        self, wanted: C, actor: Actor, *, ssid: str | None, after: tuple[datetime, UUID] | None, limit: int
    ) -> Listed:
        """Up to ``limit`` cases in the caller's scope behind a place, newest draft first.

        :param ssid: of the student whose cases are looked for; None: of any.
        :raises NotAllowed: the role sees no cases, or reads no SSIDs and asks by one.
        """
        require_case_reader(actor)
        if ssid is not None:
            require_ssid_reader(actor)
            wanted = wanted.of_student(await self._vault.present_ref(ssid))
        return await self._rows.find(wanted, actor, after=after, limit=limit)


class DeadlinesOfCases(Generic[W]):
    """Searches the deadlines of cases and windows."""

    def __init__(self, rows: Rows[W]) -> None:
        self._rows = rows

    async def find(
        self, wanted: W, actor: Actor, *, after: tuple[datetime, UUID] | None, limit: int
    ) -> Listed:
        """Up to ``limit`` deadlines in the caller's scope after a place, the earliest due first.

        :raises NotAllowed: the role sees no cases.
        """
        require_case_reader(actor)
        return await self._rows.find(wanted, actor, after=after, limit=limit)
