"""What is on record about a case: who read its students' SSIDs, and everything that ever happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.incidents.application.commands import ReadStudents
from services.incidents.application.finding import find_case
from services.incidents.application.ports import FactArchive, RecordedFact, StudentVault
from services.incidents.domain.disclosures import Disclosures, disclosures_of
from services.incidents.domain.discussion import discussion_of
from services.incidents.domain.permissions import require_ssid_reader
from services.incidents.domain.values import CaseStatus
from shared.kernel.actor import Actor
from shared.kernel.store import Store, StreamUnknown, until_first


@dataclass(frozen=True)
class DisclosedStudent:
    """A student with the full SSID; None once the student's key is destroyed."""

    student_ref: str | None  # None on a draft
    ssid: str | None


class Records:
    """Reads of SSIDs, which are recorded, and the history of a case."""

    def __init__(self, store: Store, facts: FactArchive, vault: StudentVault) -> None:
        self._store = store
        self._facts = facts
        self._vault = vault

    async def read_students(self, command: ReadStudents) -> Sequence[DisclosedStudent]:
        """The full SSIDs of a case; the read is on record before they are answered.

        :raises Refusal: the caller may not read them.
        """
        require_ssid_reader(command.actor)
        case = await find_case(self._store, command.case_id, command.actor)
        ssids = await self._vault.unseal(case.students)
        await self._record(command, len(case.students), sorted(ssids))
        is_draft = case.status is CaseStatus.DRAFT
        return [
            DisclosedStudent(None if is_draft else student.student_ref, ssids.get(student.student_ref))
            for student in case.students
        ]

    async def history(self, case_id: UUID, actor: Actor) -> Sequence[RecordedFact]:
        """Everything that happened to a case, its reads included, oldest first.

        :raises Refusal: the caller sees no cases, or not this one.
        """
        await find_case(self._store, case_id, actor)
        own = await self._facts.facts(case_id)
        reads = await self._facts.facts(disclosures_of(case_id))
        # without the first fact, which only opens the discussion
        said = (await self._facts.facts(discussion_of(case_id)))[1:]
        return sorted([*own, *reads, *said], key=lambda recorded: recorded.position)

    async def _record(self, command: ReadStudents, count: int, opened: list[str]) -> None:
        async def recorded() -> None:
            try:
                reads = await self._store.load(Disclosures, disclosures_of(command.case_id))
            except StreamUnknown:
                reads = Disclosures.first(command.case_id, count, opened, command.actor, command.at)
            else:
                reads.again(count, opened, command.actor, command.at)
            await self._store.save(reads)

        await until_first(recorded)
