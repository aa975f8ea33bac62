"""The directory: who is mailed for an LEA or a school."""

from __future__ import annotations

from services.notifications.application.commands import PutContacts
from services.notifications.domain.directory_entry import DirectoryEntry, entry_id
from services.notifications.domain.permissions import (
    require_entry_keeper,
    require_entry_visible,
    require_reader,
)
from services.notifications.domain.values import Contact
from shared.kernel.actor import Actor
from shared.kernel.errors import NotFound, Stale
from shared.kernel.store import ReceiptFor, Store, StreamUnknown, change


class Directory:
    """Directory entries, by CDS code."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def find(self, cds: str, actor: Actor) -> DirectoryEntry:
        """The entry of an LEA or school.

        :raises NotFound: none was put, or it lies outside the caller's scope.
        """
        require_reader(actor)
        require_entry_visible(actor, cds)
        try:
            return await self._store.load(DirectoryEntry, entry_id(cds))
        except StreamUnknown:
            raise NotFound("There is no such directory entry.") from None

    async def put(self, command: PutContacts, receipt: ReceiptFor | None = None) -> DirectoryEntry:
        """Name the contacts of an entry, which begins to exist where there was none.

        :raises Stale: the caller decided on another version.
        :raises Invalid: see ``DirectoryEntry.open``.
        """
        require_entry_keeper(command.actor)
        require_entry_visible(command.actor, command.cds)
        actor = command.actor.as_fact()
        try:
            return await change(
                self._store,
                DirectoryEntry,
                entry_id(command.cds),
                lambda entry: entry.replace(command.contacts, actor=actor, at=command.at),
                expected=command.expected,
                receipt=receipt,
            )
        except StreamUnknown:
            if command.expected is not None:
                raise Stale("There is no entry yet, so no version of it either.") from None
        entry = DirectoryEntry.open(command.cds, command.contacts, actor=actor, at=command.at)
        await self._store.save(entry, receipt=await receipt(entry) if receipt else None)
        return entry

    async def coordinators_of(self, cds: str) -> tuple[Contact, ...]:
        """All contacts of an LEA or school (A-29); none where nobody has named any."""
        try:
            entry = await self._store.load(DirectoryEntry, entry_id(cds))
        except StreamUnknown:
            return ()
        return entry.contacts
