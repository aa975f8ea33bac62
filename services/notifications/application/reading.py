"""Reads messages and deadlines; a list keeps to the caller's scope (HR-29)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from services.notifications.application.messages import find_message
from services.notifications.domain.message import Message
from services.notifications.domain.permissions import require_message_visible, require_reader
from shared.kernel.actor import Actor
from shared.kernel.store import Store

W = TypeVar("W")  # what is looked for
W_contra = TypeVar("W_contra", contravariant=True)
P = TypeVar("P")  # a place in the list
P_contra = TypeVar("P_contra", contravariant=True)
Listed = Sequence[Mapping[str, Any]]


class MessageRows(Protocol[W_contra, P_contra]):
    """The list of messages."""

    async def page(self, actor: Actor, filters: W_contra, *, limit: int, after: P_contra | None) -> Listed:
        """Up to ``limit`` rows in the caller's scope, newest first."""
        ...


class DeadlineRows(Protocol[W_contra]):
    """The list of deadlines."""

    async def find(
        self, wanted: W_contra, actor: Actor, *, after: tuple[datetime, UUID] | None, limit: int
    ) -> Listed:
        """Up to ``limit`` rows in the caller's scope behind a place in the list."""
        ...


class MessageReads(Generic[W, P]):
    """Looks at messages."""

    def __init__(self, store: Store, rows: MessageRows[W, P]) -> None:
        self._store = store
        self._rows = rows

    async def get(self, notification_id: UUID, actor: Actor) -> Message:
        """The message as it is now.

        :raises Forbidden: the role reads none.
        :raises NotFound: there is none of this id in the caller's scope.
        """
        require_reader(actor)
        message = await find_message(self._store, notification_id)
        require_message_visible(actor, message)
        return message

    async def page(self, actor: Actor, filters: W, *, limit: int, after: P | None) -> Listed:
        """Up to ``limit`` messages in the caller's scope, newest first.

        :raises Forbidden: the role reads none.
        """
        require_reader(actor)
        return await self._rows.page(actor, filters, limit=limit, after=after)


class DeadlinesOfMails(Generic[W]):
    """Searches the deadlines of mails."""

    def __init__(self, rows: DeadlineRows[W]) -> None:
        self._rows = rows

    async def find(
        self, wanted: W, actor: Actor, *, after: tuple[datetime, UUID] | None, limit: int
    ) -> Listed:
        """Up to ``limit`` deadlines in the caller's scope after a place, the earliest due first.

        :raises Forbidden: the role reads none.
        """
        require_reader(actor)
        return await self._rows.find(wanted, actor, after=after, limit=limit)
