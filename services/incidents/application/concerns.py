"""What is told upward."""

from __future__ import annotations

from uuid import UUID

from services.incidents.application.commands import RecordConcern
from services.incidents.application.sealing import check_text
from services.incidents.domain.concern import Concern
from services.incidents.domain.errors import ConcernNotFound, InTheFuture
from services.incidents.domain.report import CLOCKS_DIFFER
from shared.kernel.actor import Actor
from shared.kernel.errors import Issue
from shared.kernel.store import ReceiptFor, Store, StreamUnknown


class Concerns:
    """Records concerns and shows them."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def record(self, command: RecordConcern, receipt: ReceiptFor | None = None) -> Concern:
        """Tell the coordinators of a school and its LEA (M p34, p273, p279).

        :raises Refusal: the caller may not, or the text holds an SSID.
        """
        seen = command.seen
        concern = Concern.record(command.concern_id, seen, command.actor, command.at)
        check_text({"/text": seen.text})
        if seen.observed_at is not None and seen.observed_at > command.at + CLOCKS_DIFFER:
            issue = Issue("/observed_at", "in_the_future", "This instant has not come yet.")
            raise InTheFuture("What is reported has happened.", issues=[issue])
        await self._store.save(concern, receipt=await receipt(concern) if receipt else None)
        return concern

    async def get(self, concern_id: UUID, actor: Actor) -> Concern:
        """A concern, for who told it and for the coordinators in whose scope it is.

        :raises Refusal: somebody else asks, or there is none.
        """
        try:
            concern = await self._store.load(Concern, concern_id)
        except StreamUnknown:
            raise ConcernNotFound from None
        concern.check_visible(actor)
        return concern
