"""Whether the sites of an LEA file by themselves."""

from __future__ import annotations

from services.incidents.application.commands import ChooseFilingProtocol
from services.incidents.domain.filing_protocol import (
    DEFAULT,
    FilingProtocol,
    filing_protocol_of,
)
from services.incidents.domain.permissions import (
    is_site,
    require_filing_left_to_sites,
    require_filing_protocol_chooser,
    require_filing_protocol_reader,
)
from services.incidents.domain.values import CDS_OF_LEA
from shared.kernel.actor import Actor
from shared.kernel.errors import Stale
from shared.kernel.store import ReceiptFor, Store, StreamUnknown, change


class FilingProtocols:
    """The choices of all LEAs."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def choose(
        self, command: ChooseFilingProtocol, receipt: ReceiptFor | None = None
    ) -> FilingProtocol:
        """Choose for an LEA.

        :raises Refusal: the caller does not coordinate it, or decided on another version.
        """
        require_filing_protocol_chooser(command.actor, command.lea)
        try:
            return await change(
                self._store,
                FilingProtocol,
                filing_protocol_of(command.lea),
                lambda chosen: chosen.change(command.protocol, command.actor, command.at),
                expected=command.expected,
                receipt=receipt,
            )
        except StreamUnknown:
            if command.expected:
                raise Stale("Nobody has chosen yet.") from None
        first = FilingProtocol.choose(command.lea, command.protocol, command.actor, command.at)
        await self._store.save(first, receipt=await receipt(first) if receipt else None)
        return first

    async def find(self, lea: str, actor: Actor) -> FilingProtocol | None:
        """An LEA's choice; None while the default holds.

        :raises Refusal: the caller may not see it.
        """
        require_filing_protocol_reader(actor, lea)
        return await _chosen(self._store, lea)


async def require_filing_protocol(store: Store, actor: Actor, school: str) -> None:
    """A site files where its LEA lets it; nothing is read for anybody but site coordinators (§3.3 note 1).

    :raises FilingProtocolLeaOnly: it does not.
    """
    if not is_site(actor):
        return
    chosen = await _chosen(store, school[:CDS_OF_LEA])
    require_filing_left_to_sites(chosen.protocol if chosen else DEFAULT)


async def _chosen(store: Store, lea: str) -> FilingProtocol | None:
    try:
        return await store.load(FilingProtocol, filing_protocol_of(lea))
    except StreamUnknown:
        return None
