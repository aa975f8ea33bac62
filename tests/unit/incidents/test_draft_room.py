"""How many drafts one caller and one LEA may have open, and how often that is counted."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from services.incidents.api.schemas import CaseBody
from services.incidents.application import draft_room
from services.incidents.application.cases import Cases
from services.incidents.application.commands import DeleteDraft, DraftCase
from services.incidents.application.corrections import Corrections
from services.incidents.application.draft_room import AT_ONCE, DraftRoom
from services.incidents.domain.case import Case
from services.incidents.domain.errors import NotAllowed, TooManyDrafts
from shared.kernel.actor import Actor
from tests.support.http.tokens import (
    CALTAC_AGENT,
    LEA_COORDINATOR,
    OTHER_LEA_COORDINATOR,
    SITE_COORDINATOR,
)
from tests.support.incidents.api import CountedNumbers, FoldedSearch, fold_cases
from tests.support.incidents.bodies import charts_on_walls
from tests.support.incidents.states import LIBRARY, NOON, PlayVault
from tests.support.logbooks.memory_store import MemoryStore


class Counts:
    """Counts in memory; notes how often."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store
        self.asked = 0

    async def of_caller(self, sub: str, most: int) -> int:
        return self._count("drafted_by", sub, most)

    async def of_lea(self, lea: str, most: int) -> int:
        return self._count("lea", lea, most)

    def _count(self, column: str, value: str, most: int) -> int:
        self.asked += 1
        rows = fold_cases(self._store)
        found = [row for row in rows if row["status"] == "draft" and row[column] == value]
        return min(len(found), most)


class Office:
    def __init__(self, per_caller: int = 10_000, per_lea: int = 10_000) -> None:
        self.store = MemoryStore()
        self.counts = Counts(self.store)
        room = DraftRoom(self.counts, per_caller=per_caller, per_lea=per_lea)
        corrections = Corrections(FoldedSearch(self.store))
        self.cases = Cases(self.store, PlayVault(), CountedNumbers(), LIBRARY, corrections, room)

    async def draft(self, by: Actor = LEA_COORDINATOR) -> Case:
        report = CaseBody.model_validate(charts_on_walls()).report()
        return await self.cases.draft(DraftCase(uuid4(), report, (), by, NOON))

    async def delete(self, case: Case) -> None:
        await self.cases.delete_draft(DeleteDraft(case.id, LEA_COORDINATOR, NOON))


async def test_a_caller_has_so_many_drafts_open_and_no_more() -> None:
    office = Office(per_caller=3)
    drafts = [await office.draft() for _ in range(3)]
    with pytest.raises(TooManyDrafts) as refusal:
        await office.draft()
    assert refusal.value.retry_after == 60
    await office.draft(SITE_COORDINATOR)
    await office.delete(drafts[0])
    await office.draft()
    with pytest.raises(TooManyDrafts):
        await office.draft()


async def test_all_callers_of_an_lea_have_so_many_together_but_who_files_on_its_behalf() -> None:
    office = Office(per_lea=2)
    await office.draft()
    await office.draft(SITE_COORDINATOR)
    with pytest.raises(TooManyDrafts):
        await office.draft(replace(LEA_COORDINATOR, sub="another"))
    await office.draft(CALTAC_AGENT)


async def test_of_a_hundred_drafts_one_is_counted_for() -> None:
    office = Office()
    for _ in range(AT_ONCE):
        await office.draft()
    assert office.counts.asked == 2
    await office.draft()
    assert office.counts.asked == 4


async def test_of_many_callers_the_first_is_forgotten_and_counted_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(draft_room, "MOST_KNOWN", 2)
    office = Office()
    first, second, third = (replace(CALTAC_AGENT, sub=sub) for sub in ("first", "second", "third"))
    for caller in (first, second, third, third, first):
        await office.draft(caller)
    assert office.counts.asked == 4


async def test_who_may_not_file_is_not_counted() -> None:
    office = Office()
    with pytest.raises(NotAllowed):
        await office.draft(OTHER_LEA_COORDINATOR)
    assert office.counts.asked == 0
    assert fold_cases(office.store) == []
