"""Somebody else changed a case, a window or a conversation between the look at it and the save."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from uuid import UUID

import pytest

from services.incidents.application.cases import Cases
from services.incidents.application.commands import AddNote, DraftCase, ReadStudents, ReviseCase, SubmitCase
from services.incidents.application.corrections import Corrections
from services.incidents.application.discussions import Discussions
from services.incidents.application.records import Records
from services.incidents.application.windows import SetWindow, Windows
from services.incidents.domain.windows import Window
from shared.kernel.errors import Conflict
from shared.kernel.store import ATTEMPTS
from tests.support.http.tokens import LEA_COORDINATOR, SCHOOL
from tests.support.incidents.api import CountedNumbers, FoldedSearch
from tests.support.incidents.bodies import cheating
from tests.support.incidents.states import LIBRARY, NOON, PlayVault, stated
from tests.support.logbooks.memory_store import MemoryStore

DRAFT, SUBMITTED = UUID(int=1), UUID(int=2)
WINDOW = Window(SCHOOL, date(2019, 3, 11), date(2019, 5, 31))


class Office:
    """The use cases over one store that holds a draft and a submitted case."""

    def __init__(self) -> None:
        self.store, self.numbers = MemoryStore(), CountedNumbers()
        vault, corrections = PlayVault(), Corrections(FoldedSearch(self.store))
        self.cases = Cases(self.store, vault, self.numbers, LIBRARY, corrections)
        self.records = Records(self.store, self.store, vault)
        self.discussions = Discussions(self.store, vault)
        self.windows = Windows(self.store, LIBRARY)

    async def opened(self) -> Office:
        for case_id in (DRAFT, SUBMITTED):
            report, _ = stated(cheating())
            ssids = tuple(cheating()["ssids"])
            await self.cases.draft(DraftCase(case_id, report, ssids, LEA_COORDINATOR, NOON))
        await self.submit(SUBMITTED)
        return self

    async def submit(self, case_id: UUID = DRAFT) -> object:
        return await self.cases.submit(SubmitCase(case_id, LEA_COORDINATOR, NOON))

    async def revise(self) -> object:
        command = ReviseCase(DRAFT, {"narrative": "Newer."}, None, LEA_COORDINATOR, NOON)
        return await self.cases.revise(command)

    async def read_students(self) -> object:
        return await self.records.read_students(ReadStudents(DRAFT, LEA_COORDINATOR, NOON))

    async def add_note(self) -> object:
        text = "It was room 14."
        return await self.discussions.add_note(AddNote(SUBMITTED, UUID(int=9), text, LEA_COORDINATOR, NOON))

    async def set_window(self) -> object:
        return await self.windows.set(SetWindow(WINDOW, "2018-19", LEA_COORDINATOR, NOON))

    def newest_fact(self) -> str:
        return type(self.store.all_facts()[-1].fact).__name__


ACTS = pytest.mark.parametrize(
    ("act", "fact"),
    [
        (Office.submit, "Submitted"),
        (Office.revise, "Revised"),
        (Office.read_students, "StudentsFirstRead"),
        (Office.add_note, "NoteAdded"),
        (Office.set_window, "WindowSet"),
    ],
    ids=["a submission", "a revision", "a read of SSIDs", "a note", "a testing window"],
)
Act = Callable[[Office], Awaitable[object]]


@ACTS
async def test_a_lost_race_is_run_again_from_what_is_stored_now(act: Act, fact: str) -> None:
    office = await Office().opened()
    office.store.races_to_lose = ATTEMPTS - 1
    await act(office)
    assert office.newest_fact() == fact


@ACTS
async def test_who_loses_every_race_is_asked_to_come_back_soon_and_nothing_is_stored(
    act: Act, fact: str
) -> None:
    office = await Office().opened()
    stored = len(office.store.rows)
    office.store.races_to_lose = ATTEMPTS
    with pytest.raises(Conflict) as refused:
        await act(office)
    assert (refused.value.retry_after, len(office.store.rows)) == (1, stored)


async def test_a_submission_that_loses_races_spends_one_number() -> None:
    office = await Office().opened()
    office.store.races_to_lose = ATTEMPTS - 1
    issued = office.numbers.issued
    await office.submit()
    assert office.numbers.issued == issued + 1
