"""Adopts the calendar that the rulebooks name now; an operator asks for it, no start does it by itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from services.appeals.application.ports import Policies
from services.appeals.domain.appeal import Appeal
from services.appeals.domain.calendar_adoption import CalendarAdoption, Move
from services.appeals.domain.policy import AppealPolicy
from shared.kernel.actor import Actor
from shared.kernel.store import Store


class Adoption:
    """Computes and makes the moves of decision deadlines to a new calendar."""

    def __init__(self, store: Store, policies: Policies) -> None:
        self._store, self._policies = store, policies

    async def proposed(self, appeal_ids: Iterable[UUID]) -> list[Move]:
        """The moves that adopting would make among these appeals; nothing is changed."""
        appeals = [await self._store.load(Appeal, each) for each in appeal_ids]
        return [move for appeal in appeals if (move := self._move(appeal)) is not None]

    async def adopt(
        self, appeal_ids: Iterable[UUID], adoption_id: UUID, actor: Actor, at: datetime
    ) -> Sequence[Move]:
        """Move them, and record the old and new due instants in one fact; without moves nothing is recorded.

        :raises StreamMoved: one of them was decided at this very moment; nothing was moved.
        """
        moved: list[Appeal] = []
        moves: list[Move] = []
        for appeal_id in appeal_ids:
            appeal = await self._store.load(Appeal, appeal_id)
            move = self._move(appeal)
            if move is not None:
                appeal.adopt_calendar(self._policy(appeal), actor, at)
                moved.append(appeal)
                moves.append(move)
        if moves:
            await self._store.save(CalendarAdoption.of(adoption_id, moves, actor, at), *moved)
        return moves

    def _policy(self, appeal: Appeal) -> AppealPolicy:
        return self._policies.for_year(appeal.identity.administration_year)

    def _move(self, appeal: Appeal) -> Move | None:
        policy = self._policy(appeal)
        due = appeal.due_by(policy)
        if due is None or appeal.decide_by is None:
            return None
        return Move(
            appeal_id=appeal.id,
            appeal_number=appeal.identity.appeal_number,
            clock=appeal.clock,
            old_decide_by=appeal.decide_by,
            new_decide_by=due,
            old_calendar_version=appeal.calendar_version,
            calendar_version=policy.calendar.version,
        )
