"""Keys of students move to the newest epoch while the vault seals and opens (ADR 0007)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import asyncpg
import pytest

from deploy.console.backup.belonging import require_epochs
from deploy.console.errors import CommandError
from services.incidents.application.ports import StudentVault
from services.incidents.bootstrap import INCIDENTS
from services.incidents.domain.values import SealedStudent
from services.incidents.providers import key_rotation
from services.incidents.providers.key_rotation import Epoch, RotationRefused, epochs, retire, rotate
from services.incidents.providers.keyring import Keyring, epoch_of
from services.incidents.providers.vault import Vault
from shared.kernel.clock import FixedClock
from shared.kernel.key_epochs import line_of
from shared.observability.metrics import counter
from shared.persistence.engine import open_pool
from shared.persistence.faults import StoreUnavailable
from tests.support.servers.postgres import migrate

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
FIRST, SECOND, REF = os.urandom(32), os.urandom(32), os.urandom(32)
OLD, BOTH, NEW = Keyring({1: FIRST}), Keyring({1: FIRST, 2: SECOND}), Keyring({2: SECOND})
SSIDS = [f"{n:010d}" for n in range(60)]
SPOIL = """
    UPDATE student_keys SET wrapped_key = set_byte(wrapped_key, 40, get_byte(wrapped_key, 40) # 1)
    WHERE student_ref = $1
"""
ME, NOON = "lea-1", datetime(2019, 4, 12, 19, 0, tzinfo=UTC)


class Killed(BaseException):
    """The process ended here."""


def no_progress(_moved: int, _total: int) -> None:
    """Nobody watches."""


def a_vault(pool: Pool, ring: Keyring | Callable[[], Keyring]) -> Vault:
    keyring = (lambda: ring) if isinstance(ring, Keyring) else ring
    return Vault(pool, keyring, REF, FixedClock(NOON), new_per_day=1000)


@pytest.fixture
async def pool(database: str) -> AsyncIterator[Pool]:
    await asyncio.to_thread(migrate, database, INCIDENTS.package)
    async with await open_pool(database) as pool:
        yield pool


@pytest.fixture
async def sealed(pool: Pool) -> Sequence[SealedStudent]:
    """Students whose keys are of the first epoch."""
    return await a_vault(pool, OLD).seal(SSIDS, ME)


@pytest.fixture(autouse=True)
def _small_and_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(key_rotation, "PAGE", 7)
    monkeypatch.setattr(key_rotation, "PAUSE", 0.01)


async def of_epoch(pool: Pool) -> dict[int | None, int]:
    rows = await pool.fetch("SELECT wrapped_key FROM student_keys")
    found = [epoch_of(row["wrapped_key"]) for row in rows]
    counts = {epoch: found.count(epoch) for epoch in set(found)}
    # the database reads an epoch as the keyring does
    assert {row["epoch"]: row["keys"] for row in await pool.fetch(key_rotation._COUNT)} == counts
    return counts


async def opened(vault: StudentVault, students: Sequence[SealedStudent]) -> list[str | None]:
    found = await vault.unseal(students)
    return [found.get(student.student_ref) for student in students]


async def test_every_key_moves_and_everything_sealed_is_opened_as_before(
    pool: Pool, database: str, sealed: Sequence[SealedStudent]
) -> None:
    told: list[tuple[int, int]] = []
    did = await rotate(database, BOTH, lambda *counts: told.append(counts))
    assert (did.epoch, did.moved, did.removed, did.unopened, did.busy) == (2, 60, 0, 0, 0)
    assert did.cpu_seconds > 0
    assert did.keys_per_cpu_second == round(60 / did.cpu_seconds)
    assert (told[0], told[-1], len(told)) == ((0, 60), (60, 60), 10)
    assert await of_epoch(pool) == {2: 60}
    assert await opened(a_vault(pool, BOTH), sealed) == SSIDS
    assert await opened(a_vault(pool, NEW), sealed) == SSIDS
    again = await rotate(database, BOTH, no_progress)
    assert (again.moved, await of_epoch(pool)) == (0, {2: 60})


async def test_new_students_are_of_the_newest_epoch_and_known_ones_stay(
    pool: Pool, sealed: Sequence[SealedStudent]
) -> None:
    vault = a_vault(pool, BOTH)
    again = await vault.seal([SSIDS[0], "9999999999"], ME)
    assert again[0].student_ref == sealed[0].student_ref
    assert await of_epoch(pool) == {1: 60, 2: 1}
    assert await opened(vault, [*again, sealed[0]]) == [SSIDS[0], "9999999999", SSIDS[0]]


async def test_a_rotation_that_was_killed_after_any_page_goes_on_where_it_was(
    pool: Pool, database: str, sealed: Sequence[SealedStudent]
) -> None:
    pages = 0

    def killed_at_the_third(moved: int, _total: int) -> None:
        nonlocal pages
        pages += 1
        if moved and pages % 3 == 0:
            raise Killed

    rounds = 0
    while (await of_epoch(pool)).get(1):
        rounds += 1
        try:
            await rotate(database, BOTH, killed_at_the_third)
        except Killed:
            assert await opened(a_vault(pool, BOTH), sealed) == SSIDS
    assert rounds > 1
    assert await of_epoch(pool) == {2: 60}


async def test_a_page_that_fails_before_its_end_is_as_it_was(
    pool: Pool, database: str, sealed: Sequence[SealedStudent], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the statement and the commit: what was moved in this page is not."""
    refuse = "SELECT count(*) > 20 FROM student_keys WHERE key_epoch(wrapped_key) = $1"
    monkeypatch.setattr(key_rotation, "_IS_RETIRED", refuse)
    with pytest.raises(RotationRefused):
        await rotate(database, BOTH, no_progress)
    assert await of_epoch(pool) == {1: 46, 2: 14}
    assert await opened(a_vault(pool, BOTH), sealed) == SSIDS


async def test_who_seals_and_opens_meanwhile_notices_nothing(
    pool: Pool, database: str, sealed: Sequence[SealedStudent]
) -> None:
    done = asyncio.Event()

    async def file(vault: Vault, begin: int) -> int:
        rounds = 0
        while not done.is_set() or not rounds:
            ssids = [*SSIDS[begin : begin + 20], f"{9_000_000_000 + begin * 1000 + rounds}"]
            assert await opened(vault, await vault.seal(ssids, ME)) == ssids
            rounds += 1
        return rounds

    async def move() -> None:
        try:
            await asyncio.gather(*(rotate(database, BOTH, no_progress) for _ in range(2)))
        finally:
            done.set()

    vault = a_vault(pool, BOTH)
    *_, one, other = await asyncio.gather(move(), file(vault, 0), file(vault, 20))
    assert await of_epoch(pool) == {2: 60 + one + other}
    assert await opened(vault, sealed) == SSIDS


async def test_keys_that_others_hold_come_in_a_later_pass_and_nobody_waits(
    pool: Pool, database: str, sealed: Sequence[SealedStudent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_rotation, "PASSES", 2)
    async with pool.acquire() as other, other.transaction():
        await other.execute("SELECT FROM student_keys ORDER BY student_ref LIMIT 3 FOR UPDATE")
        did = await rotate(database, BOTH, no_progress)
        assert (did.moved, did.busy, did.unopened) == (57, 3, 0)
    did = await rotate(database, BOTH, no_progress)
    assert (did.moved, did.busy) == (3, 0)


async def test_another_key_of_the_same_epoch_is_named_and_nothing_moves(
    pool: Pool, database: str, sealed: Sequence[SealedStudent]
) -> None:
    wrong = Keyring({1: os.urandom(32), 2: SECOND})
    with pytest.raises(RotationRefused, match=r"key of epoch 1 in INCIDENTS_KEK_FILE is another .* 60 keys"):
        await rotate(database, wrong, no_progress)
    await rotate(database, BOTH, no_progress)
    with pytest.raises(RotationRefused, match="key of epoch 2 in INCIDENTS_KEK_FILE is another"):
        await rotate(database, Keyring({1: FIRST, 2: os.urandom(32)}), no_progress)
    with pytest.raises(RotationRefused, match="no key of epoch 2, under which 60 keys"):
        await rotate(database, OLD, no_progress)
    assert await of_epoch(pool) == {2: 60}
    assert await opened(a_vault(pool, BOTH), sealed) == SSIDS


async def test_a_key_that_is_damaged_is_left_counted_and_keeps_its_epoch_from_ending(
    pool: Pool, database: str, sealed: Sequence[SealedStudent]
) -> None:
    ref = sealed[0].student_ref
    await pool.execute(SPOIL, ref)
    await pool.execute("INSERT INTO student_keys (student_ref, wrapped_key) VALUES ('stu_x', 'x')")
    did = await rotate(database, BOTH, no_progress)
    assert (did.moved, did.unopened, did.busy) == (59, 2, 0)
    assert await opened(a_vault(pool, BOTH), sealed[1:]) == SSIDS[1:]
    with pytest.raises(RotationRefused, match="1 keys of students are still wrapped under epoch 1"):
        await retire(database, BOTH, 1, "ops")
    await pool.execute("SELECT erase_student($1, 'its key is damaged')", ref)
    await retire(database, BOTH, 1, "ops")


async def test_erased_students_stay_so_and_unknown_ones_too(
    pool: Pool, database: str, sealed: Sequence[SealedStudent]
) -> None:
    erased, unknown, brought_back = (student.student_ref for student in sealed[:3])
    await pool.execute("SELECT erase_student($1, 'asked for')", erased)
    row = await pool.fetchrow(
        "SELECT student_ref, wrapped_key FROM student_keys WHERE student_ref = $1", brought_back
    )
    await pool.execute("SELECT erase_student($1, 'asked for, too')", brought_back)
    await pool.execute("INSERT INTO student_keys (student_ref, wrapped_key) VALUES ($1, $2)", *(row or ()))
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('stairs.unnamed', 'on', true)")
        await connection.execute("DELETE FROM student_keys WHERE student_ref = $1", unknown)
    before = await pool.fetch("SELECT * FROM erased_students ORDER BY student_ref")
    did = await rotate(database, BOTH, no_progress)
    assert (did.moved, did.removed) == (57, 1)
    assert await pool.fetch("SELECT * FROM erased_students ORDER BY student_ref") == before
    assert await opened(a_vault(pool, BOTH), sealed) == [None, None, None, *SSIDS[3:]]


async def test_nothing_is_opened_with_the_retired_key_alone_and_nothing_sealed_under_it(
    pool: Pool, database: str, sealed: Sequence[SealedStudent]
) -> None:
    with pytest.raises(RotationRefused, match="60 keys of students are still wrapped under epoch 1"):
        await retire(database, BOTH, 1, "ops")
    await rotate(database, BOTH, no_progress)
    await retire(database, BOTH, 1, "ops")
    await retire(database, NEW, 1, "ops")  # the file may have gone on already
    retired = await pool.fetch("SELECT epoch, retired_by FROM retired_key_epochs")
    assert [tuple(row) for row in retired] == [(1, "ops")]
    thief = a_vault(pool, OLD)
    counted = counter(
        "ssids_unopened",
        "SSIDs that facts name and that could not be opened though their students are not erased.",
        ("reason",),
    ).labels("no_epoch")
    before = counted._value.get()
    assert await opened(thief, sealed) == [None] * 60
    assert counted._value.get() == before + 60
    for ssids in (SSIDS[:1], ["9999999999"]):
        with pytest.raises(StoreUnavailable):
            await thief.seal(ssids, ME)
    assert await of_epoch(pool) == {2: 60}
    with pytest.raises(RotationRefused, match="epoch 1, the newest that INCIDENTS_KEK_FILE has, is retired"):
        await rotate(database, OLD, no_progress)
    assert await opened(a_vault(pool, NEW), sealed) == SSIDS


async def test_a_key_made_while_its_epoch_is_retired_is_there_or_refused(pool: Pool, database: str) -> None:
    """Whoever is first: no key of a retired epoch is left."""
    late = a_vault(pool, OLD)
    await a_vault(pool, BOTH).seal(SSIDS[:1], ME)
    ended = await asyncio.gather(
        *(late.seal([ssid], ME) for ssid in SSIDS[1:20]),
        retire(database, BOTH, 1, "ops"),
        *(late.seal([ssid], ME) for ssid in SSIDS[20:40]),
        return_exceptions=True,
    )
    refused = isinstance(ended[19], RotationRefused)
    assert refused or ended[19] is None
    assert (await of_epoch(pool)).get(1, 0) == sum(isinstance(one, list) for one in ended)
    assert refused == bool((await of_epoch(pool)).get(1))


@pytest.mark.parametrize(("epoch", "why"), [(2, "is the newest"), (3, "has no epoch 3")])
async def test_only_an_old_epoch_of_the_file_is_retired(
    pool: Pool, database: str, epoch: int, why: str
) -> None:
    with pytest.raises(RotationRefused, match=why):
        await retire(database, BOTH, epoch, "ops")
    assert await pool.fetch("SELECT FROM retired_key_epochs") == []


async def test_a_process_that_learns_the_epoch_only_at_the_answer_opens_it(
    pool: Pool, database: str, sealed: Sequence[SealedStudent]
) -> None:
    """Its file was read before the statement, and the keys were moved while that ran."""
    rings = [OLD, BOTH, BOTH]
    await rotate(database, BOTH, no_progress)
    again = await a_vault(pool, lambda: rings.pop(0)).seal(SSIDS[:5], ME)
    assert [one.student_ref for one in again] == [one.student_ref for one in sealed[:5]]


async def test_the_epochs_say_what_is_wrapped_and_where_the_key_is(
    pool: Pool, database: str, sealed: Sequence[SealedStudent]
) -> None:
    assert await epochs(database, BOTH) == [Epoch(1, 60, True, False), Epoch(2, 0, True, False)]
    await rotate(database, BOTH, no_progress)
    await retire(database, BOTH, 1, "ops")
    await pool.execute("INSERT INTO student_keys (student_ref, wrapped_key) VALUES ('stu_x', 'x')")
    assert await epochs(database, NEW) == [
        Epoch(1, 0, False, True),
        Epoch(2, 60, True, False),
        Epoch(None, 1, False, False),
    ]


async def test_a_restore_refuses_a_file_that_lacks_an_epoch_in_use(
    pool: Pool, database: str, sealed: Sequence[SealedStudent], tmp_path: Path
) -> None:
    only_second, both = tmp_path / "second", tmp_path / "both"
    only_second.write_text(line_of(2, SECOND))
    both.write_text(f"{line_of(1, FIRST)}\n{line_of(2, SECOND)}")
    await asyncio.to_thread(require_epochs, database, both)
    with pytest.raises(CommandError, match="60 students' keys are wrapped under epoch 1, which is not in"):
        await asyncio.to_thread(require_epochs, database, only_second)
    await rotate(database, BOTH, no_progress)
    await asyncio.to_thread(require_epochs, database, only_second)
    only_first = tmp_path / "first"
    only_first.write_text(line_of(1, FIRST))
    with pytest.raises(CommandError, match="60 students' keys are wrapped under epoch 2, which is not in"):
        await asyncio.to_thread(require_epochs, database, only_first)
