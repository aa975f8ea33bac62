"""Searches in the lists: who may search is judged here; a list keeps to the caller's scope (HR-29)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from services.appeals.domain.permissions import require_appeal_reader
from shared.kernel.actor import Actor

W = TypeVar("W")  # what is looked for
W_contra = TypeVar("W_contra", contravariant=True)
S = TypeVar("S")  # in which order
S_contra = TypeVar("S_contra", contravariant=True)
P = TypeVar("P")  # a place in the list
P_contra = TypeVar("P_contra", contravariant=True)
Listed = Sequence[dict[str, Any]]


class AppealRows(Protocol[W_contra, S_contra, P_contra]):
    """The list of appeals."""

    async def search(
        self,
        actor: Actor,
        filters: W_contra,
        *,
        now: datetime,
        order: S_contra,
        limit: int,
        after: P_contra | None,
    ) -> Listed:
        """Up to ``limit`` rows in the caller's scope."""
        ...


class DeadlineRows(Protocol[W_contra]):
    """The list of deadlines."""

    async def find(
        self, wanted: W_contra, actor: Actor, *, after: tuple[datetime, UUID] | None, limit: int
    ) -> Listed:
        """Up to ``limit`` rows in the caller's scope behind a place in the list."""
        ...


class AppealSearches(Generic[W, S, P]):
    """Searches the appeals."""

    def __init__(self, rows: AppealRows[W, S, P]) -> None:
        self._rows = rows

    async def search(
        self, actor: Actor, filters: W, *, now: datetime, order: S, limit: int, after: P | None
    ) -> Listed:
        """Up to ``limit`` appeals in the caller's scope.

        :param now: the instant by which a decision is overdue or not.
        :raises NotForThisRole: a role without a part in appeals.
        """
        require_appeal_reader(actor)
        return await self._rows.search(actor, filters, now=now, order=order, limit=limit, after=after)


class DeadlinesOfAppeals(Generic[W]):
    """Searches the deadlines of appeals."""

    def __init__(self, rows: DeadlineRows[W]) -> None:
        self._rows = rows

    async def find(
        self, wanted: W, actor: Actor, *, after: tuple[datetime, UUID] | None, limit: int
    ) -> Listed:
        """Up to ``limit`` deadlines in the caller's scope after a place, the earliest due first.

        :raises NotForThisRole: a role without a part in appeals.
        """
        require_appeal_reader(actor)
        return await self._rows.find(wanted, actor, after=after, limit=limit)
