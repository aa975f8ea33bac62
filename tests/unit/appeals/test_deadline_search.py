"""Who may search the deadlines of appeals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest

from services.appeals.application.searches import DeadlinesOfAppeals
from services.appeals.domain.errors import NotForThisRole
from shared.kernel.actor import Actor
from tests.support.appeals.states import ADMINISTRATOR, AUDITOR, CDE, FRIDAY, LEA_COORDINATOR

PLACE = (FRIDAY, UUID(int=1))


class Asked:
    """The list of deadlines; it answers with what it was asked."""

    async def find(
        self, wanted: str, actor: Actor, *, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[dict[str, Any]]:
        return [{"wanted": wanted, "actor": actor, "after": after, "limit": limit}]


@pytest.mark.parametrize("actor", [LEA_COORDINATOR, CDE, AUDITOR], ids=lambda actor: actor.role.value)
async def test_who_has_a_part_in_appeals_finds_deadlines_behind_a_place(actor: Actor) -> None:
    (asked,) = await DeadlinesOfAppeals[str](Asked()).find("overdue", actor, after=PLACE, limit=20)
    assert asked == {"wanted": "overdue", "actor": actor, "after": PLACE, "limit": 20}


async def test_a_test_administrator_finds_none() -> None:
    with pytest.raises(NotForThisRole):
        await DeadlinesOfAppeals[str](Asked()).find("overdue", ADMINISTRATOR, after=None, limit=20)
