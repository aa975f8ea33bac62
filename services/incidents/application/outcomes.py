"""Changes cases after their submission, on events of this service and of the appeals service."""

from __future__ import annotations

from services.incidents.application.commands import ConcludeCase, NoteAppeal
from services.incidents.domain.case import Case
from shared.kernel.store import Store, change


class Outcomes:
    """Reactions to events; a repeated event changes nothing."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def note_appeal(self, command: NoteAppeal) -> None:
        """Record the state of an appeal; when the last appeal ends, the case ends (HR-25).

        :raises StreamUnknown, NotSubmitted: there is no such submitted case.
        """
        await change(
            self._store,
            Case,
            command.case_id,
            lambda case: case.note_appeal(command.appeal, command.actor, command.at),
        )

    async def conclude(self, command: ConcludeCase) -> None:
        """End a submitted case to which no appeal can follow.

        :raises StreamUnknown: there is no such case.
        """
        await change(
            self._store, Case, command.case_id, lambda case: case.conclude(command.actor, command.at)
        )
