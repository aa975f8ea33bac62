"""One suite per port of the incidents service: what holds in memory holds on PostgreSQL."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import asyncpg
import pytest
from cryptography.exceptions import InvalidTag

from services.incidents.application.ports import CaseNumbers, StudentVault
from services.incidents.bootstrap import INCIDENTS
from services.incidents.domain.values import SealedStudent
from services.incidents.providers.case_numbers import PostgresCaseNumbers
from services.incidents.providers.vault import BadKeyFile, Vault, read_key
from shared.persistence.engine import open_pool
from tests.support.incidents.api import CountedNumbers
from tests.support.incidents.states import PlayVault
from tests.support.servers.postgres import migrate

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
KEK, REF = os.urandom(32), os.urandom(32)
SSIDS = [f"{n:010d}" for n in range(500)]


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    await asyncio.to_thread(migrate, database, INCIDENTS.package)
    async with await open_pool(database) as pool:
        yield pool


@pytest.fixture(params=["memory", "postgres"])
def numbers(request: pytest.FixtureRequest) -> CaseNumbers:
    if request.param == "memory":
        return CountedNumbers()
    return PostgresCaseNumbers(request.getfixturevalue("pool"))


@pytest.fixture(params=["memory", "postgres"])
def vault(request: pytest.FixtureRequest) -> StudentVault:
    if request.param == "memory":
        return PlayVault()
    return Vault(request.getfixturevalue("pool"), KEK, REF)


async def test_a18_numbers_count_up_within_their_year(numbers: CaseNumbers) -> None:
    issued = [await numbers.issue(year) for year in ("2018-19", "2018-19", "2019-20", "2018-19")]
    assert issued == ["2018-19-000001", "2018-19-000002", "2019-20-000001", "2018-19-000003"]


async def test_no_number_is_issued_twice_however_many_ask_at_once(numbers: CaseNumbers) -> None:
    issued = await asyncio.gather(*(numbers.issue("2018-19") for _ in range(40)))
    assert len(set(issued)) == 40


async def test_what_was_sealed_can_be_opened(vault: StudentVault) -> None:
    sealed = await vault.seal(SSIDS)
    assert [student.student_ref for student in sealed] == [vault.ref(ssid) for ssid in SSIDS]
    opened = await vault.unseal(sealed)
    assert [opened[student.student_ref] for student in sealed] == SSIDS


async def test_a_reference_is_the_same_in_every_case_and_says_nothing(vault: StudentVault) -> None:
    first, second = await vault.seal([SSIDS[1]]), await vault.seal([SSIDS[1], SSIDS[2]])
    assert first[0].student_ref == second[0].student_ref != second[1].student_ref
    assert first[0].student_ref.startswith("stu_")
    assert len(first[0].student_ref) == 30
    assert SSIDS[1] not in f"{first}{second}"


async def test_nobody_is_sealed_and_nobody_opened(vault: StudentVault) -> None:
    assert await vault.seal([]) == []
    assert await vault.unseal([]) == {}


async def test_many_who_seal_the_same_student_at_once_use_one_key(pool: Pool) -> None:
    vault = Vault(pool, KEK, REF)
    sealed = await asyncio.gather(*(vault.seal(SSIDS[:20]) for _ in range(8)))
    for students in sealed:
        assert list((await vault.unseal(students)).values()) == SSIDS[:20]


async def test_the_same_ssid_is_never_sealed_to_the_same_text(pool: Pool) -> None:
    vault = Vault(pool, KEK, REF)
    (first,), (second,) = await vault.seal(SSIDS[:1]), await vault.seal(SSIDS[:1])
    assert first.ssid_sealed != second.ssid_sealed


async def test_what_was_sealed_for_one_student_is_not_anothers(pool: Pool) -> None:
    vault = Vault(pool, KEK, REF)
    one, other = await vault.seal(SSIDS[:2])
    with pytest.raises(InvalidTag):
        await vault.unseal([SealedStudent(one.student_ref, other.ssid_sealed)])
    spoiled = bytearray(base64.b64decode(one.ssid_sealed))
    spoiled[-1] ^= 1
    with pytest.raises(InvalidTag):
        await vault.unseal([replace(one, ssid_sealed=base64.b64encode(spoiled).decode())])


async def test_without_the_master_keys_nothing_is_opened_and_nobody_recognized(pool: Pool) -> None:
    (sealed,) = await Vault(pool, KEK, REF).seal(SSIDS[:1])
    thief = Vault(pool, os.urandom(32), os.urandom(32))
    with pytest.raises(InvalidTag):
        await thief.unseal([sealed])
    assert thief.ref(SSIDS[0]) != sealed.student_ref


@pytest.mark.parametrize("content", [None, "", "not base64!", base64.b64encode(b"short").decode()])
def test_a_key_file_holds_a_key(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "kek"
    if content is not None:
        file.write_text(content)
    with pytest.raises(BadKeyFile) as refusal:
        read_key(file)
    assert str(file) in str(refusal.value)


def test_a_key_is_read_from_its_file(tmp_path: Path) -> None:
    (tmp_path / "kek").write_text(base64.b64encode(KEK).decode() + "\n")
    assert read_key(tmp_path / "kek") == KEK
