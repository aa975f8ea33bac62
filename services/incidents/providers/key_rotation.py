"""Moves the students' keys to the newest epoch of key-encryption keys, and retires an old one (ADR 0007).

    keys of older epochs --unwrap, wrap--> the same keys of the newest epoch      a page in one transaction
    an epoch of which there is no key any more --retire--> ``retired_key_epochs``   none comes anew

Each page is a transaction that waits for no row: keys that somebody else has locked come in the next pass. So
it may run beside the service, may be killed at any moment and repeated, and two of them share the work. Both
acts are the database owner's: the role of the service changes no key.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

import asyncpg
import structlog

from services.incidents.providers.keyring import Keyring, NotUnwrapped
from shared.persistence.engine import connect
from shared.persistence.faults import translated

PAGE = 1000  # keys in one transaction: some milliseconds for whoever waits for one of them
PASSES = 20
PAUSE = 0.5  # seconds between two passes: transactions that hold keys are shorter
PROBES = 20  # keys of an epoch that are tried before anything is changed
NAMED_BY = "INCIDENTS_KEK_FILE"

_COUNT = "SELECT key_epoch(wrapped_key) AS epoch, count(*) AS keys FROM student_keys GROUP BY 1"
_RETIRED = "SELECT epoch FROM retired_key_epochs"
_SOME = "SELECT student_ref, wrapped_key FROM student_keys WHERE key_epoch(wrapped_key) = $1 LIMIT $2"
_OF_ERASED = """
    DELETE FROM student_keys k USING erased_students e WHERE e.student_ref = k.student_ref
"""
_PAGE = """
    SELECT student_ref, wrapped_key FROM student_keys
    WHERE student_ref > $1 AND key_epoch(wrapped_key) <> $2
    ORDER BY student_ref LIMIT $3 FOR UPDATE SKIP LOCKED
"""
_MOVE = """
    UPDATE student_keys k SET wrapped_key = o.key FROM unnest($1::text[], $2::bytea[]) AS o (ref, key)
    WHERE k.student_ref = o.ref
"""
_IS_RETIRED = "SELECT EXISTS (SELECT FROM retired_key_epochs WHERE epoch = $1)"
_LOCK = "LOCK TABLE student_keys IN SHARE ROW EXCLUSIVE MODE"
_LEFT = "SELECT count(*) FROM student_keys WHERE key_epoch(wrapped_key) = $1"
_RETIRE = "INSERT INTO retired_key_epochs (epoch, retired_by) VALUES ($1, $2) ON CONFLICT DO NOTHING"

log = structlog.get_logger(__name__)

Progress = Callable[[int, int], None]
"""Called with the number of keys that were moved, and of those that were to be moved at the beginning."""

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


class RotationRefused(Exception):  # noqa: N818 - says what is so
    """Keys are not moved, or an epoch is not retired; nothing was changed."""


@dataclass(frozen=True)
class Epoch:
    """An epoch, as database and file have it."""

    epoch: int | None  # None: keys of no form that is known, which nothing opens
    keys: int  # of students
    in_file: bool
    retired: bool


@dataclass(frozen=True)
class Rotated:
    """What a rotation did."""

    epoch: int  # to which keys were moved
    moved: int
    removed: int  # keys of erased students, which somebody had brought back
    unopened: int  # left as they are: they do not open
    busy: int  # left as they are: others held them in every pass
    cpu_seconds: float  # of this process

    @property
    def keys_per_cpu_second(self) -> int:
        """How many it moved in a second of its own work; the database's is not in it."""
        return round(self.moved / self.cpu_seconds) if self.cpu_seconds else 0


async def epochs(url: str, ring: Keyring) -> Sequence[Epoch]:
    """Every epoch that the file has, that a key is wrapped under, or that is retired; oldest first.

    :raises StoreUnavailable: the database is away.
    """
    with translated():
        async with _connected(url) as connection:
            counts = await _counts(connection)
            retired = {row["epoch"] for row in await connection.fetch(_RETIRED)}
    found = [
        Epoch(epoch, counts.get(epoch, 0), epoch in ring.epochs, epoch in retired)
        for epoch in sorted({*ring.epochs, *retired, *counts} - {None}, key=int)
    ]
    return [*found, Epoch(None, counts[None], in_file=False, retired=False)] if None in counts else found


async def rotate(url: str, ring: Keyring, progress: Progress) -> Rotated:
    """Move every key to the newest epoch of the keyring; those of erased students are removed.

    :param url: the database as its owner knows it.
    :raises RotationRefused: the keyring is not that of these keys, or is an old copy.
    :raises StoreUnavailable: the database went away; what was moved stays so, repeat it.
    """
    began = time.process_time()
    with translated():
        async with _connected(url) as connection:
            await _require_ring_of(connection, ring)
            removed = _number(await connection.execute(_OF_ERASED))
            moving = _Moving(connection, ring, progress)
            await moving.move_all()
            unopened = moving.unopened + (await _counts(connection)).get(None, 0)
    took = time.process_time() - began
    return Rotated(ring.newest, moving.moved, removed, unopened, moving.left, took)


async def retire(url: str, ring: Keyring, epoch: int, who: str) -> None:
    """Let no key be wrapped under this epoch any more; it may then be taken out of the file.

    :param url: the database as its owner knows it.
    :raises RotationRefused: it is the newest, there is none such, or a key still needs it.
    :raises StoreUnavailable: the database is away, or too busy to be locked.
    """
    if epoch == ring.newest:
        raise RotationRefused(f"epoch {epoch} is the newest that {NAMED_BY} has: rotate first")
    with translated():
        async with _connected(url) as connection, connection.transaction():
            if epoch not in ring.epochs and not await connection.fetchval(_IS_RETIRED, epoch):
                raise RotationRefused(f"{NAMED_BY} has no epoch {epoch}")
            await connection.execute("SET LOCAL lock_timeout = '5s'")
            await connection.execute(_LOCK)
            if left := await connection.fetchval(_LEFT, epoch):
                raise RotationRefused(
                    f"{left} keys of students are still wrapped under epoch {epoch}: rotate first"
                )
            await connection.execute(_RETIRE, epoch, who)


class _Moving:
    """The passes of one rotation."""

    def __init__(self, connection: Connection, ring: Keyring, progress: Progress) -> None:
        self._connection, self._ring, self._progress = connection, ring, progress
        self.moved = self.unopened = self.left = 0

    async def move_all(self) -> None:
        total = await self._older()
        self._progress(0, total)
        for number in range(PASSES):
            if number:
                await asyncio.sleep(PAUSE)
            self.unopened, reached = 0, ""
            while reached := await self._move_page(reached):
                self._progress(self.moved, max(total, self.moved))
            self.left = await self._older() - self.unopened
            if self.left <= 0:
                self.left = 0
                return

    async def _move_page(self, after: str) -> str:
        """The last reference of the page that follows; empty: there was none."""
        async with self._connection.transaction():
            page = await self._connection.fetch(_PAGE, after, self._ring.newest, PAGE)
            fresh = {ref: key for row in page if (key := self._wrapped_anew(ref := row["student_ref"], row))}
            if fresh:
                await self._connection.execute(_MOVE, list(fresh), list(fresh.values()))
                await _require_in_use(self._connection, self._ring.newest)
        self.moved += len(fresh)
        return str(page[-1]["student_ref"]) if page else ""

    def _wrapped_anew(self, ref: str, row: asyncpg.Record) -> bytes | None:
        try:
            return self._ring.wrap(ref, self._ring.unwrap(ref, row["wrapped_key"]))
        except NotUnwrapped as error:
            self.unopened += 1
            log.warning("student_key_not_moved", student_ref=ref, reason=str(error))
            return None

    async def _older(self) -> int:
        counts = await _counts(self._connection)
        return sum(keys for epoch, keys in counts.items() if epoch not in (None, self._ring.newest))


async def _require_ring_of(connection: Connection, ring: Keyring) -> None:
    """Refuse a keyring under which the service would seal what nobody opens."""
    await _require_in_use(connection, ring.newest)
    for epoch, keys in (await _counts(connection)).items():
        if epoch is None:
            continue
        if epoch not in ring.epochs:
            raise RotationRefused(
                f"{NAMED_BY} has no key of epoch {epoch}, under which {keys} keys of students are wrapped:"
                " it is an old copy, or another system's"
            )
        some = await connection.fetch(_SOME, epoch, PROBES)
        if not any(_opens(ring, row["student_ref"], row["wrapped_key"]) for row in some):
            raise RotationRefused(
                f"the key of epoch {epoch} in {NAMED_BY} is another than the one under which {keys} keys of"
                " students are wrapped: bring the right file back"
            )


async def _require_in_use(connection: Connection, epoch: int) -> None:
    if await connection.fetchval(_IS_RETIRED, epoch):
        raise RotationRefused(
            f"epoch {epoch}, the newest that {NAMED_BY} has, is retired: it is an old copy of the file"
        )


def _opens(ring: Keyring, ref: str, wrapped: bytes) -> bool:
    try:
        ring.unwrap(ref, wrapped)
    except NotUnwrapped:
        return False
    return True


async def _counts(connection: Connection) -> Mapping[int | None, int]:
    return {row["epoch"]: row["keys"] for row in await connection.fetch(_COUNT)}


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[Connection]:
    connection = await connect(url)
    try:
        yield connection
    finally:
        await connection.close()


def _number(tag: str) -> int:
    """How many rows a statement changed, as the server says it: ``DELETE 3``."""
    return int(tag.rpartition(" ")[2])
