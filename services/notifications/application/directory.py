"""The directory: who is mailed for an LEA or a school."""

from __future__ import annotations

from services.notifications.application.commands import PutContacts, SetMailDomains
from services.notifications.domain.directory_entry import DirectoryEntry, entry_id
from services.notifications.domain.mail_domains import (
    MailDomains,
    domains_id,
    places_of,
    require_few_unverified,
)
from services.notifications.domain.permissions import (
    require_domain_setter,
    require_entry_keeper,
    require_entry_visible,
    require_reader,
)
from services.notifications.domain.shares import MailLimits
from services.notifications.domain.values import Contact
from shared.kernel.actor import Actor
from shared.kernel.errors import NotFound, Stale
from shared.kernel.store import ReceiptFor, Store, StreamUnknown, change


class Directory:
    """Directory entries, by CDS code."""

    def __init__(self, store: Store, *, most_unverified: int = MailLimits.unverified_contacts) -> None:
        """``most_unverified``: addresses of an entry outside the mail domains that are set for it."""
        self._store = store
        self._most_unverified = most_unverified

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
        :raises TooManyUnverified: too many addresses lie outside the mail domains of the place.
        """
        require_entry_keeper(command.actor)
        require_entry_visible(command.actor, command.cds)
        domains = await self.domains_of(command.cds)
        require_few_unverified(command.contacts, domains, self._most_unverified)
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

    async def domains_of(self, cds: str) -> frozenset[str]:
        """The mail domains of an LEA or school, with those of its LEA; none where CalTAC has set none."""
        found: set[str] = set()
        for place in places_of(cds):
            try:
                found.update((await self._store.load(MailDomains, domains_id(place))).domains)
            except StreamUnknown:
                continue
        return frozenset(found)

    async def find_domains(self, cds: str, actor: Actor) -> MailDomains:
        """The mail domains that were set for an LEA or school itself.

        :raises NotFound: none were set, or it lies outside the caller's scope.
        """
        require_reader(actor)
        require_entry_visible(actor, cds)
        try:
            return await self._store.load(MailDomains, domains_id(cds))
        except StreamUnknown:
            raise NotFound("No mail domains are set there.") from None

    async def set_domains(self, command: SetMailDomains, receipt: ReceiptFor | None = None) -> MailDomains:
        """Set the mail domains of an LEA or school.

        :raises Forbidden: the caller is not CalTAC.
        :raises Stale: the caller decided on another version.
        :raises Invalid: see ``MailDomains.open``.
        """
        require_domain_setter(command.actor)
        actor = command.actor.as_fact()
        try:
            return await change(
                self._store,
                MailDomains,
                domains_id(command.cds),
                lambda known: known.replace(command.domains, actor=actor, at=command.at),
                expected=command.expected,
                receipt=receipt,
            )
        except StreamUnknown:
            if command.expected is not None:
                raise Stale("None are set yet, so there is no version of them either.") from None
        first = MailDomains.open(command.cds, command.domains, actor=actor, at=command.at)
        await self._store.save(first, receipt=await receipt(first) if receipt else None)
        return first
