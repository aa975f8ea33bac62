"""The use cases of concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from services.incidents.application.commands import RecordConcern
from services.incidents.application.sealing import require_no_ssid_in
from services.incidents.domain.concern import Concern
from services.incidents.domain.errors import ConcernNotFound, InTheFuture
from services.incidents.domain.permissions import (
    can_read_concerns_of_others,
    require_concern_reader,
    require_concern_teller,
    require_concern_visible,
)
from services.incidents.domain.report import CLOCKS_DIFFER
from shared.kernel.actor import Actor
from shared.kernel.errors import Issue
from shared.kernel.store import ReceiptFor, Store, StreamUnknown


class ConcernRows(Protocol):
    """The list of concerns."""

    async def find(
        self, actor: Actor, *, told_by: str | None, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[dict[str, Any]]:
        """Up to ``limit`` rows in the caller's scope behind a place, newest first; None: told by anybody."""
        ...


class Concerns:
    """Records concerns and shows them."""

    def __init__(self, store: Store, concern_list: ConcernRows) -> None:
        self._store = store
        self._list = concern_list

    async def record(self, command: RecordConcern, receipt: ReceiptFor | None = None) -> Concern:
        """Tell the coordinators of a school and its LEA (M p34, p273, p279).

        Without a school in the request, it is the caller's own.

        :raises Refusal: the caller may not, or the text holds an SSID.
        """
        seen = (
            command.seen if command.seen.school else replace(command.seen, school=command.actor.school or "")
        )
        require_concern_teller(command.actor, seen.school)
        require_no_ssid_in({"/text": seen.text})
        if seen.observed_at is not None and seen.observed_at > command.at + CLOCKS_DIFFER:
            issue = Issue("/observed_at", "in_the_future", "This instant has not come yet.")
            raise InTheFuture("What is reported has happened.", issues=[issue])
        concern = Concern.record(command.concern_id, seen, command.actor, command.at)
        await self._store.save(concern, receipt=await receipt(concern) if receipt else None)
        return concern

    async def get(self, concern_id: UUID, actor: Actor) -> Concern:
        """A concern, for who told it and for those in whose scope it is.

        :raises NotAllowed: the role neither tells concerns nor reads them; nothing was read then.
        :raises ConcernNotFound: there is none for this caller.
        """
        require_concern_reader(actor)
        try:
            concern = await self._store.load(Concern, concern_id)
        except StreamUnknown:
            raise ConcernNotFound from None
        require_concern_visible(actor, concern)
        return concern

    async def listed(
        self, actor: Actor, *, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[dict[str, Any]]:
        """Up to ``limit`` concerns behind a place in the list, newest first: those in the caller's scope.

        Who only tells concerns is shown their own.

        :raises NotAllowed: the role neither tells concerns nor reads them.
        """
        require_concern_reader(actor)
        told_by = None if can_read_concerns_of_others(actor) else actor.sub
        return await self._list.find(actor, told_by=told_by, after=after, limit=limit)
