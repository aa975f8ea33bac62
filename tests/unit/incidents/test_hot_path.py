"""Filing reads nothing before it stores, but for site coordinators: their LEA's filing protocol (§3.3).

What changes a draft loads the case once, and no rule is judged twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar
from uuid import UUID, uuid5

import pytest
from eventsourcing.domain import Aggregate

from services.incidents.api.schemas import CaseBody
from services.incidents.application.cases import Cases
from services.incidents.application.commands import (
    DeleteDraft,
    DraftCase,
    ListStudents,
    ReviseCase,
    SubmitCase,
)
from services.incidents.application.corrections import Corrections
from services.incidents.domain.case import Case
from services.incidents.domain.filing_protocol import FilingProtocol
from services.incidents.domain.rulebook import Rulebook
from shared.kernel.actor import Actor
from tests.support.http.tokens import CALTAC_AGENT, LEA_COORDINATOR, SITE_COORDINATOR
from tests.support.incidents.api import CountedNumbers, FoldedSearch
from tests.support.incidents.bodies import SECOND, THIRD, charts_on_walls, cheating
from tests.support.incidents.states import CASE_ID, LIBRARY, NOON, PlayVault
from tests.support.logbooks.memory_store import MemoryStore

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
    await Cases(store, PlayVault(), CountedNumbers(), LIBRARY, Corrections(FoldedSearch(store))).draft(
        command
    )
    assert store.read == read


async def a_stored_draft(store: WatchedStore) -> tuple[Cases, UUID]:
    cases = Cases(store, PlayVault(), CountedNumbers(), LIBRARY, Corrections(FoldedSearch(store)))
    parsed = CaseBody.model_validate(cheating())
    command = DraftCase(CASE_ID, parsed.report(), tuple(parsed.ssids or ()), LEA_COORDINATOR, NOON)
    await cases.draft(command)
    store.read.clear()
    return cases, CASE_ID


async def test_the_list_of_students_and_a_deletion_load_the_case_once() -> None:
    store = WatchedStore()
    cases, case_id = await a_stored_draft(store)
    await cases.list_students(ListStudents(case_id, (SECOND, THIRD), LEA_COORDINATOR, NOON))
    assert store.read == [Case]
    await cases.delete_draft(DeleteDraft(case_id, LEA_COORDINATOR, NOON))
    assert store.read == [Case, Case]


@pytest.mark.parametrize("act", ["draft", "revise", "submit"])
async def test_a_report_is_judged_once(act: str, monkeypatch: pytest.MonkeyPatch) -> None:
    store, judged = WatchedStore(), list[str]()
    cases, case_id = await a_stored_draft(store)
    for rule in ("reportable_type", "assess"):
        monkeypatch.setattr(Rulebook, rule, counted(getattr(Rulebook, rule), judged))
    if act == "draft":
        report = CaseBody.model_validate(charts_on_walls()).report()
        await cases.draft(DraftCase(uuid5(UUID(int=9), act), report, (), LEA_COORDINATOR, NOON))
    elif act == "revise":
        await cases.revise(ReviseCase(case_id, {"narrative": "More."}, None, LEA_COORDINATOR, NOON))
    else:
        await cases.submit(SubmitCase(case_id, LEA_COORDINATOR, NOON))
    assert judged == ["reportable_type", "assess"]


def counted(rule: Callable[..., Any], judged: list[str]) -> Callable[..., Any]:
    def asked(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever the rule takes
        judged.append(rule.__name__)
        return rule(*args, **kwargs)

    return asked
