"""Who may say who is mailed (contract §5; A-29)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.notifications.application.commands import PutContacts
from services.notifications.application.directory import Directory
from services.notifications.domain.values import Contact
from shared.kernel.actor import Actor
from shared.kernel.errors import Forbidden, NotFound, Stale
from tests.support.http.tokens import (
    AUDITOR,
    CDE_REVIEWER,
    LEA,
    LEA_COORDINATOR,
    NEIGHBOUR_SCHOOL,
    OTHER_LEA_COORDINATOR,
    SCHOOL,
    SITE_COORDINATOR,
    TEST_ADMINISTRATOR,
)
from tests.support.logbooks.memory_store import MemoryStore
from tests.support.notifications.states import COORDINATORS, TUESDAY

SITE_CONTACT = Contact("site_coordinator", "Sam Okafor", "sam@school.example.org")


def put(cds: str = LEA, actor: Actor = LEA_COORDINATOR, expected: int | None = None) -> PutContacts:
    return PutContacts(cds, COORDINATORS, actor, TUESDAY, expected)


async def test_an_lea_coordinator_names_those_of_the_lea_and_of_its_schools() -> None:
    directory = Directory(MemoryStore())
    await directory.put(put(LEA))
    await directory.put(replace(put(SCHOOL), contacts=(SITE_CONTACT,)))
    assert (await directory.find(LEA, LEA_COORDINATOR)).contacts == COORDINATORS
    assert (await directory.find(SCHOOL, SITE_COORDINATOR)).contacts == (SITE_CONTACT,)


@pytest.mark.parametrize(
    ("cds", "actor", "refusal"),
    [
        (LEA, OTHER_LEA_COORDINATOR, NotFound),
        (SCHOOL, SITE_COORDINATOR, Forbidden),
        (LEA, SITE_COORDINATOR, Forbidden),
        (LEA, CDE_REVIEWER, Forbidden),
        (LEA, AUDITOR, Forbidden),
        (SCHOOL, TEST_ADMINISTRATOR, Forbidden),
    ],
)
async def test_nobody_else_changes_an_entry(cds: str, actor: Actor, refusal: type[Exception]) -> None:
    store = MemoryStore()
    with pytest.raises(refusal):
        await Directory(store).put(put(cds, actor))
    assert store.rows == []


async def test_a_site_coordinator_reads_the_own_entry_only() -> None:
    directory = Directory(MemoryStore())
    await directory.put(put(NEIGHBOUR_SCHOOL))
    with pytest.raises(NotFound):
        await directory.find(NEIGHBOUR_SCHOOL, SITE_COORDINATOR)


async def test_an_entry_that_nobody_put_is_not_found_and_names_nobody() -> None:
    directory = Directory(MemoryStore())
    with pytest.raises(NotFound):
        await directory.find(LEA, LEA_COORDINATOR)
    assert await directory.coordinators_of(LEA) == ()


async def test_an_entry_is_changed_on_its_present_version_only() -> None:
    directory = Directory(MemoryStore())
    with pytest.raises(Stale):
        await directory.put(put(expected=1))
    await directory.put(put())
    with pytest.raises(Stale):
        await directory.put(put(expected=2))


async def test_an_entry_can_be_emptied() -> None:
    directory = Directory(MemoryStore())
    await directory.put(put())
    await directory.put(replace(put(), contacts=(), expected=1))
    assert await directory.coordinators_of(LEA) == ()
