"""One suite per port of the incidents service: what holds in memory holds on PostgreSQL."""

from __future__ import annotations

import asyncio
import base64
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import TypeAlias
from uuid import uuid4

import asyncpg
import pytest
import sqlalchemy as sa

from services.incidents.api.schemas import CaseBody
from services.incidents.application.cases import Cases
from services.incidents.application.commands import DraftCase, SubmitCase
from services.incidents.application.corrections import Corrections
from services.incidents.application.ports import CaseNumbers, StudentVault
from services.incidents.bootstrap import INCIDENTS
from services.incidents.domain.errors import TooManyNewStudents
from services.incidents.domain.values import SealedStudent
from services.incidents.providers.case_numbers import PostgresCaseNumbers
from services.incidents.providers.keyring import Keyring
from services.incidents.providers.vault import BadKeyFile, Vault, read_key
from services.incidents.read_model.open_drafts import OpenDrafts
from services.incidents.read_model.tables import CASE_LIST
from shared.kernel.clock import FixedClock
from shared.observability.metrics import counter
from shared.persistence.codec import Codec
from shared.persistence.engine import async_engine, open_pool
from shared.persistence.faults import StoreUnavailable
from tests.support.http.tokens import LEA_COORDINATOR, SITE_COORDINATOR
from tests.support.incidents.api import CountedNumbers, FoldedSearch, fold_cases
from tests.support.incidents.bodies import charts_on_walls
from tests.support.incidents.states import LIBRARY, PlayVault
from tests.support.logbooks.memory_store import MemoryStore
from tests.support.servers.postgres import migrate

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
KEK, REF = os.urandom(32), os.urandom(32)
SSIDS = [f"{n:010d}" for n in range(500)]
ME, NOON = "lea-1", datetime(2019, 4, 12, 19, 0, tzinfo=UTC)  # 12:00 Pacific
SAY_WHO = "services.incidents.migrations.versions.0009_say_who_began_a_draft"
TODAY = "SELECT count FROM new_students WHERE caller = $1 AND day = $2"


def a_vault(pool: Pool, *, kek: bytes = KEK, ref: bytes = REF, new: int = 1000, at: datetime = NOON) -> Vault:
    ring = Keyring({1: kek})
    return Vault(pool, lambda: ring, ref, FixedClock(at), new_per_day=new)


def unopened(reason: str) -> float:
    told = (
        "ssids_unopened",
        "SSIDs that facts name and that could not be opened though their students are not erased.",
    )
    found: float = counter(*told, ("reason",)).labels(reason)._value.get()
    return found


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    await asyncio.to_thread(migrate, database, INCIDENTS.package)
    async with await open_pool(database) as pool:
        yield pool


async def test_open_drafts_are_counted_by_who_began_them_and_by_lea(database: str) -> None:
    store = MemoryStore()
    cases = Cases(store, PlayVault(), CountedNumbers(), LIBRARY, Corrections(FoldedSearch(store)))
    report = CaseBody.model_validate(charts_on_walls()).report()
    begun = [LEA_COORDINATOR, LEA_COORDINATOR, LEA_COORDINATOR, SITE_COORDINATOR]
    drafts = [await cases.draft(DraftCase(uuid4(), report, (), by, NOON)) for by in begun]
    await cases.submit(SubmitCase(drafts[0].id, LEA_COORDINATOR, NOON))
    await asyncio.to_thread(migrate, database, INCIDENTS.package)
    engine = async_engine(database)
    async with engine.begin() as connection:
        await connection.execute(sa.insert(CASE_LIST), fold_cases(store))
    counts = OpenDrafts(engine)
    assert [await counts.of_caller(by.sub, 10) for by in (LEA_COORDINATOR, SITE_COORDINATOR)] == [2, 1]
    assert [await counts.of_lea(report.lea, most) for most in (10, 2)] == [3, 2]
    assert await counts.of_lea("9999999", 10) == 0
    await engine.dispose()


async def test_who_began_the_cases_of_before_is_read_off_their_first_facts(database: str) -> None:
    store = MemoryStore()
    cases = Cases(store, PlayVault(), CountedNumbers(), LIBRARY, Corrections(FoldedSearch(store)))
    report = CaseBody.model_validate(charts_on_walls()).report()
    await cases.draft(DraftCase(uuid4(), report, (), LEA_COORDINATOR, NOON))
    await asyncio.to_thread(migrate, database, INCIDENTS.package)
    (row,), (recorded,) = fold_cases(store), store.all_facts()
    kept = Codec().encode(recorded.fact)
    engine = async_engine(database)
    async with engine.begin() as connection:
        await connection.execute(sa.insert(CASE_LIST), {**row, "drafted_by": None})
        await connection.execute(
            sa.text(
                "INSERT INTO incidents_events (originator_id, originator_version, topic, state)"
                " VALUES (:id, 1, :topic, :state)"
            ),
            {"id": row["id"], "topic": kept.topic, "state": kept.state},
        )
        await connection.execute(sa.text(import_module(SAY_WHO).OF_BEFORE))
        assert await connection.scalar(sa.select(CASE_LIST.c.drafted_by)) == LEA_COORDINATOR.sub
    await engine.dispose()


@pytest.fixture(params=["memory", "postgres"])
def numbers(request: pytest.FixtureRequest) -> CaseNumbers:
    if request.param == "memory":
        return CountedNumbers()
    return PostgresCaseNumbers(request.getfixturevalue("pool"))


@pytest.fixture(params=["memory", "postgres"])
def vault(request: pytest.FixtureRequest) -> StudentVault:
    if request.param == "memory":
        return PlayVault()
    return a_vault(request.getfixturevalue("pool"))


async def test_a18_numbers_count_up_within_their_year(numbers: CaseNumbers) -> None:
    issued = [await numbers.issue(year) for year in ("2018-19", "2018-19", "2019-20", "2018-19")]
    assert issued == ["2018-19-000001", "2018-19-000002", "2019-20-000001", "2018-19-000003"]


async def test_no_number_is_issued_twice_however_many_ask_at_once(numbers: CaseNumbers) -> None:
    issued = await asyncio.gather(*(numbers.issue("2018-19") for _ in range(40)))
    assert len(set(issued)) == 40


async def test_what_was_sealed_can_be_opened(vault: StudentVault) -> None:
    sealed = await vault.seal(SSIDS, ME)
    assert [student.student_ref for student in sealed] == [vault.ref(ssid) for ssid in SSIDS]
    opened = await vault.unseal(sealed)
    assert [opened[student.student_ref] for student in sealed] == SSIDS


async def test_a_reference_is_the_same_in_every_case_and_says_nothing(vault: StudentVault) -> None:
    first, second = await vault.seal([SSIDS[1]], ME), await vault.seal([SSIDS[1], SSIDS[2]], ME)
    assert first[0].student_ref == second[0].student_ref != second[1].student_ref
    assert first[0].student_ref.startswith("stu_")
    assert len(first[0].student_ref) == 30
    assert SSIDS[1] not in f"{first}{second}"


async def test_nobody_is_sealed_and_nobody_opened(vault: StudentVault) -> None:
    assert await vault.seal([], ME) == []
    assert await vault.unseal([]) == {}


async def test_many_who_seal_the_same_student_at_once_use_one_key(pool: Pool) -> None:
    vault = a_vault(pool)
    sealed = await asyncio.gather(*(vault.seal(SSIDS[:20], ME) for _ in range(8)))
    for students in sealed:
        assert list((await vault.unseal(students)).values()) == SSIDS[:20]


async def test_the_same_ssid_is_never_sealed_to_the_same_text(pool: Pool) -> None:
    vault = a_vault(pool)
    (first,), (second,) = await vault.seal(SSIDS[:1], ME), await vault.seal(SSIDS[:1], ME)
    assert first.ssid_sealed != second.ssid_sealed


async def test_what_was_sealed_for_one_student_is_not_anothers(pool: Pool) -> None:
    vault = a_vault(pool)
    one, other = await vault.seal(SSIDS[:2], ME)
    spoiled = bytearray(base64.b64decode(one.ssid_sealed))
    spoiled[-1] ^= 1
    for sealed in (other.ssid_sealed, base64.b64encode(spoiled).decode(), "", "no base64!", "AQ=="):
        before = unopened("tag")
        opened = await vault.unseal([SealedStudent(one.student_ref, sealed), other])
        assert opened == {other.student_ref: SSIDS[1]}
        assert unopened("tag") == before + 1


async def test_without_the_master_keys_nothing_is_opened_and_nobody_recognized(pool: Pool) -> None:
    (sealed,) = await a_vault(pool).seal(SSIDS[:1], ME)
    thief = a_vault(pool, kek=os.urandom(32), ref=os.urandom(32))
    assert await thief.unseal([sealed]) == {}
    assert thief.ref(SSIDS[0]) != sealed.student_ref


async def test_an_erased_student_who_is_reported_again_is_a_new_one(pool: Pool) -> None:
    vault = a_vault(pool)
    before = await vault.seal(SSIDS[:2], ME)
    assert await pool.fetchval("SELECT erase_student($1, 'asked for by the parents')", before[0].student_ref)
    again = await vault.seal(SSIDS[:2], ME)
    assert again[0].student_ref != before[0].student_ref
    assert again[1].student_ref == before[1].student_ref
    vanished = unopened("no_key"), unopened("tag")
    assert await vault.unseal(before) == {before[1].student_ref: SSIDS[1]}
    assert list((await vault.unseal(again)).values()) == SSIDS[:2]
    assert (unopened("no_key"), unopened("tag")) == vanished  # an erasure is no fault
    assert [await vault.present_ref(ssid) for ssid in SSIDS[:2]] == [one.student_ref for one in again]


async def test_a_student_can_be_erased_more_than_once(pool: Pool) -> None:
    vault, seen = a_vault(pool), list[str]()
    for _ in range(3):
        (sealed,) = await vault.seal(SSIDS[:1], ME)
        seen.append(sealed.student_ref)
        await pool.execute("DELETE FROM student_keys WHERE student_ref = $1", sealed.student_ref)
        assert await vault.unseal([sealed]) == {}
    assert len(set(seen)) == 3
    reasons = await pool.fetch("SELECT student_ref, reason FROM erased_students")
    assert {tuple(row) for row in reasons} == {(ref, "deleted by hand") for ref in seen}


@pytest.mark.parametrize("reason", ["", " ", "he is 8391045527"])
async def test_an_erasure_has_a_reason_without_an_ssid(pool: Pool, reason: str) -> None:
    (sealed,) = await a_vault(pool).seal(SSIDS[:1], ME)
    with pytest.raises(asyncpg.RaiseError):
        await pool.execute("SELECT erase_student($1, $2)", sealed.student_ref, reason)
    assert await a_vault(pool).unseal([sealed]) == {sealed.student_ref: SSIDS[0]}


async def test_a_restored_key_of_an_erased_student_opens_nothing(pool: Pool) -> None:
    vault = a_vault(pool)
    (sealed,) = await vault.seal(SSIDS[:1], ME)
    row = await pool.fetchrow("DELETE FROM student_keys RETURNING student_ref, wrapped_key")
    await pool.execute("INSERT INTO student_keys (student_ref, wrapped_key) VALUES ($1, $2)", *(row or ()))
    assert await vault.unseal([sealed]) == {}


async def test_a_vanished_key_is_counted_and_reported_again_leaves_the_others_readable(pool: Pool) -> None:
    vault = a_vault(pool)
    before = await vault.seal(SSIDS[:3], ME)
    async with pool.acquire() as connection, connection.transaction():
        # no erasure: as if half of a table were restored
        await connection.execute("SELECT set_config('stairs.unnamed', 'on', true)")
        await connection.execute("DELETE FROM student_keys WHERE student_ref = $1", before[0].student_ref)
    others = {one.student_ref: ssid for one, ssid in zip(before[1:], SSIDS[1:3], strict=True)}
    count = unopened("no_key")
    assert await vault.unseal(before) == others
    assert unopened("no_key") == count + 1
    (again,) = await vault.seal(SSIDS[:1], ME)  # nobody can tell it from a student who is new
    count = unopened("tag")
    assert await vault.unseal(before) == others
    assert unopened("tag") == count + 1
    assert await vault.unseal([again]) == {again.student_ref: SSIDS[0]}


async def test_a_key_that_cannot_be_opened_is_not_replaced(pool: Pool) -> None:
    """With the wrong key-encryption key nobody files, and nothing that was sealed becomes unreadable."""
    (sealed,) = await a_vault(pool).seal(SSIDS[:1], ME)
    with pytest.raises(StoreUnavailable):
        await a_vault(pool, kek=os.urandom(32)).seal(SSIDS[:1], ME)
    assert await a_vault(pool).unseal([sealed]) == {sealed.student_ref: SSIDS[0]}


async def test_a_caller_names_so_many_new_students_in_a_day(pool: Pool) -> None:
    vault = a_vault(pool, new=10)
    await vault.seal(SSIDS[:8], ME)
    await vault.seal(SSIDS[:8] * 3, ME)  # known ones cost nothing
    with pytest.raises(TooManyNewStudents) as refused:
        await vault.seal(SSIDS[:11], ME)
    assert refused.value.retry_after == 12 * 3600 + 1  # until midnight in California
    assert await pool.fetchval("SELECT count(*) FROM student_keys") == 8
    await vault.seal(SSIDS[8:10], ME)
    await vault.seal(SSIDS[10:15], "lea-2")
    assert await pool.fetchval(TODAY, ME, NOON.date()) == 10
    await a_vault(pool, new=10, at=NOON + timedelta(days=1)).seal(SSIDS[20:30], ME)


async def test_the_quota_holds_however_many_ask_at_once(pool: Pool) -> None:
    vault = a_vault(pool, new=10)
    ended = await asyncio.gather(
        *(vault.seal(SSIDS[n * 3 : n * 3 + 3], ME) for n in range(8)), return_exceptions=True
    )
    assert sum(isinstance(one, TooManyNewStudents) for one in ended) == 5
    assert await pool.fetchval("SELECT count(*) FROM student_keys") == 9


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
