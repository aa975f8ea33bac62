"""An operator adopts a new calendar: what it would move, what it moves, and the fact of it (ADR 0014)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from services.appeals.application.adoption import Adoption
from services.appeals.domain.appeal import Appeal
from services.appeals.domain.calendar_adoption import CalendarAdoption
from services.appeals.domain.policy import AppealPolicy
from tests.support.appeals.states import (
    CALTAC,
    FRIDAY,
    POLICY,
    SYSTEM,
    a_settings_reset,
    an_extension,
    an_invalidation,
    denied,
    with_day_off,
)
from tests.support.logbooks.memory_store import MemoryStore

ADOPTION = UUID(int=14)
THURSDAY_CLOSE = datetime(2019, 4, 19, 0, 0, tzinfo=UTC)
FRIDAY_CLOSE = datetime(2019, 4, 20, 0, 0, tzinfo=UTC)


@dataclass
class OneRulebook:
    """The rules of 2018-19."""

    policy: AppealPolicy

    def for_year(self, administration_year: str) -> AppealPolicy:
        assert administration_year == "2018-19"
        return self.policy


async def stored(*appeals: Appeal) -> tuple[MemoryStore, list[UUID]]:
    store = MemoryStore()
    await store.save(*appeals)
    return store, [appeal.id for appeal in appeals]


def under(store: MemoryStore, policy: AppealPolicy) -> Adoption:
    return Adoption(store, OneRulebook(policy))


async def test_what_a_calendar_would_move_is_told_and_nothing_is_changed() -> None:
    store, ids = await stored(an_invalidation())
    before = list(store.rows)
    (move,) = await under(store, with_day_off(POLICY, 4, 15)).proposed(ids)
    assert (move.appeal_id, move.clock) == (ids[0], "K5")
    assert (move.old_decide_by, move.new_decide_by) == (THURSDAY_CLOSE, FRIDAY_CLOSE)
    assert (move.old_calendar_version, move.calendar_version) == (POLICY.calendar.version, "plus-4-15")
    assert store.rows == before


async def test_undecided_appeals_move_together_and_one_fact_lists_them_all() -> None:
    store, ids = await stored(an_invalidation(), a_settings_reset(), denied(an_extension(), by=CALTAC))
    moves = await under(store, with_day_off(POLICY, 4, 15)).adopt(ids, ADOPTION, SYSTEM, FRIDAY)
    assert [move.appeal_id for move in moves] == ids[:2]
    adoption = await store.load(CalendarAdoption, ADOPTION)
    assert [kept["appeal_id"] for kept in adoption.moves] == [str(each) for each in ids[:2]]
    moved = [await store.load(Appeal, each) for each in ids[:2]]
    assert [appeal.decide_by for appeal in moved] == [move.new_decide_by for move in moves]
    assert {appeal.calendar_version for appeal in moved} == {"plus-4-15"}


async def test_the_calendar_in_force_moves_nothing_and_leaves_no_fact() -> None:
    store, ids = await stored(an_invalidation())
    before = list(store.rows)
    assert await under(store, POLICY).adopt(ids, ADOPTION, SYSTEM, FRIDAY) == []
    assert store.rows == before
