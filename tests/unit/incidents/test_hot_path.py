"""Filing reads nothing before it stores, but for site coordinators: their LEA's filing protocol (§3.3)."""

from __future__ import annotations

from typing import TypeVar
from uuid import UUID, uuid5

import pytest
from eventsourcing.domain import Aggregate

from services.incidents.api.schemas import CaseBody
from services.incidents.application.cases import Cases
from services.incidents.application.commands import DraftCase
from services.incidents.domain.filing_protocol import FilingProtocol
from shared.kernel.actor import Actor
from tests.support.incident_api import CountedNumbers
from tests.support.incident_bodies import charts_on_walls
from tests.support.incident_states import LIBRARY, NOON, PlayVault
from tests.support.memory_store import MemoryStore
from tests.support.tokens import CALTAC_AGENT, LEA_COORDINATOR, SITE_COORDINATOR

A = TypeVar("A", bound=Aggregate)


class WatchedStore(MemoryStore):
    """Remembers what was read."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[type[Aggregate]] = []

    async def load(self, kind: type[A], aggregate_id: UUID, *, version: int | None = None) -> A:
        self.read.append(kind)
        return await super().load(kind, aggregate_id, version=version)


@pytest.mark.parametrize(
    ("actor", "read"),
    [(LEA_COORDINATOR, []), (CALTAC_AGENT, []), (SITE_COORDINATOR, [FilingProtocol])],
    ids=lambda each: getattr(each, "role", None),
)
async def test_who_files_pays_for_what_concerns_them(actor: Actor, read: list[type[Aggregate]]) -> None:
    store = WatchedStore()
    report = CaseBody.model_validate(charts_on_walls()).report()
    command = DraftCase(uuid5(UUID(int=9), actor.sub), report, (), actor, NOON)
    await Cases(store, PlayVault(), CountedNumbers(), LIBRARY).draft(command)
    assert store.read == read
