"""Notes and further action on submitted cases."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.incidents.application.commands import AddNote, DemandAction
from services.incidents.application.finding import find_case, require_version
from services.incidents.application.ports import StudentVault
from services.incidents.application.sealing import require_no_ssid_in, require_nobody_of_the_case_in
from services.incidents.domain.case import Case
from services.incidents.domain.discussion import Discussion, Note, discussion_of
from services.incidents.domain.permissions import require_action_demander, require_note_writer
from shared.kernel.actor import Actor
from shared.kernel.store import ReceiptFor, Store, StreamUnknown, until_first


@dataclass(frozen=True)
class Discussed:
    """A case, and what is said about it."""

    case: Case
    discussion: Discussion


class Discussions:
    """What people say about cases."""

    def __init__(self, store: Store, vault: StudentVault) -> None:
        self._store = store
        self._vault = vault

    async def add_note(self, command: AddNote, receipt: ReceiptFor | None = None) -> Discussed:
        """Add a note.

        :raises Refusal: the caller may not, the case is a draft, or the text holds an SSID.
        """
        require_note_writer(command.actor)
        require_no_ssid_in({"/text": command.text})
        case = await self._case(command.case_id, command.actor, command.expected)
        await require_nobody_of_the_case_in({"/text": command.text}, case, self._vault)

        def decide(discussion: Discussion) -> None:
            discussion.add_note(command.note_id, command.text, case, command.actor, command.at)

        return await self._say(case, command, decide, receipt)

    async def demand_action(self, command: DemandAction, receipt: ReceiptFor | None = None) -> Discussed:
        """Ask for further action, or settle what was asked for.

        :raises Refusal: the caller may not, the case is a draft, or the text holds an SSID.
        """
        require_action_demander(command.actor)
        require_no_ssid_in({"/text": command.text})
        case = await self._case(command.case_id, command.actor, command.expected)
        await require_nobody_of_the_case_in({"/text": command.text}, case, self._vault)

        def decide(discussion: Discussion) -> None:
            if command.text is None:
                discussion.settle_action(case, command.actor, command.at)
            else:
                discussion.demand_action(command.text, case, command.actor, command.at)

        return await self._say(case, command, decide, receipt)

    async def notes(self, case_id: UUID, actor: Actor) -> Sequence[Note]:
        """The notes of a case, oldest first.

        :raises Refusal: the caller sees no cases, or not this one.
        """
        await self._case(case_id, actor, None)
        discussion = await self._discussion(case_id)
        return discussion.notes if discussion else ()

    async def additional_action(self, case: Case) -> str | None:
        """What is still asked for; a draft is not asked for anything, and nothing is read for it."""
        discussion = await self._discussion(case.id) if case.case_number else None
        return discussion.additional_action if discussion else None

    async def _case(self, case_id: UUID, actor: Actor, expected: int | None) -> Case:
        case = await find_case(self._store, case_id, actor)
        require_version(case, expected)
        return case

    async def _discussion(self, case_id: UUID) -> Discussion | None:
        try:
            return await self._store.load(Discussion, discussion_of(case_id))
        except StreamUnknown:
            return None

    async def _say(
        self,
        case: Case,
        command: AddNote | DemandAction,
        decide: Callable[[Discussion], None],
        receipt: ReceiptFor | None,
    ) -> Discussed:
        async def said() -> Discussed:
            found = await self._discussion(case.id)
            discussed = Discussed(case, found or Discussion.open(case, command.actor, command.at))
            decide(discussed.discussion)
            kept = await receipt(discussed) if receipt else None
            await self._store.save(discussed.discussion, receipt=kept)
            return discussed

        return await until_first(said)
