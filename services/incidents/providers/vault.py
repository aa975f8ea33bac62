"""SSIDs, sealed per student (ADR 0007).

    SSID --HMAC under the reference key--> student_ref         the same in every case, useless without the key
    SSID --AES-256-GCM under the student's own key--> sealed   the reference is authenticated with it
    student's key --AES-256-GCM under the newest key-encryption key--> row of ``student_keys``

The master keys are in two files outside the database; key-encryption keys have epochs (``keyring``). A
student's key is in one of three states:

    known       a row of ``student_keys``
    erased      a row of ``erased_students``: what was sealed under the key stays in the facts and means
                nothing any more; reported again, the student is a new one, with another reference
    unknown     neither: nobody reported the student yet, or the key has vanished, which is counted where
                facts name it
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.incidents.domain.errors import TooManyNewStudents
from services.incidents.domain.values import SealedStudent
from services.incidents.providers.keyring import Keyring, NotUnwrapped, UnknownEpoch
from shared.kernel.clock import Clock
from shared.kernel.key_epochs import KEY_BYTES
from shared.kernel.yielding import piecewise
from shared.observability.metrics import counter
from shared.persistence.faults import StoreUnavailable, translated

NONCE_BYTES = 12
FORM = b"\x01"
"""The first byte of everything sealed: which way it was sealed, should there ever be another."""

PACIFIC = ZoneInfo("America/Los_Angeles")
TOO_MANY_NEW = "STNEW"  # the SQLSTATE of ``student_keys_for`` beyond the quota (migration 0008)
RETIRED = "STOLD"  # and for a key that is wrapped under a retired epoch (migration 0011)

_KNOWN = """
    SELECT student_ref, wrapped_key FROM student_keys k
    WHERE student_ref = any($1::text[])
      AND NOT EXISTS (SELECT FROM erased_students e WHERE e.student_ref = k.student_ref)
    UNION ALL
    SELECT student_ref, NULL FROM erased_students WHERE student_ref = any($1::text[])
"""
_ERASED = "SELECT EXISTS (SELECT FROM erased_students WHERE student_ref = $1)"
_KEYS_FOR = "SELECT student_ref, wrapped_key FROM student_keys_for($1::text[], $2::bytea[], $3, $4, $5)"

_REMEDY = "give this process the present INCIDENTS_KEK_FILE: docs/operations.md, the key-encryption key"

log = structlog.get_logger(__name__)


class BadKeyFile(ValueError):  # noqa: N818 - says what is so
    """A key file that holds no key."""


def read_key(path: Path) -> bytes:
    """A master key from its file: 32 bytes, in base64.

    :raises BadKeyFile: it is not there, or holds something else; nothing of it is repeated.
    """
    try:
        key = base64.b64decode(path.read_text("ascii").strip(), validate=True)
    except (OSError, ValueError, binascii.Error):
        raise BadKeyFile(f"{path}: not a readable file with a key in base64") from None
    if len(key) != KEY_BYTES:
        raise BadKeyFile(f"{path}: a key has {KEY_BYTES} bytes, this one has {len(key)}")
    return key


class Vault:
    """Seals and opens SSIDs; keeps no plain one longer than a call."""

    def __init__(
        self,
        pool: asyncpg.Pool[asyncpg.Record],
        keyring: Callable[[], Keyring],
        reference_key: bytes,
        clock: Clock,
        *,
        new_per_day: int,
    ) -> None:
        """The vault of a process.

        :param keyring: gives the key-encryption keys as they are at that moment.
        :param new_per_day: students whom nobody reported before, of one caller on one day in California.
        """
        self._pool = pool
        self._keyring = keyring
        self._reference_key = reference_key
        self._clock = clock
        self._new_per_day = new_per_day
        self._unopened = counter(
            "ssids_unopened",
            "SSIDs that facts name and that could not be opened though their students are not erased.",
            ("reason",),
        )

    def ref(self, ssid: str) -> str:
        """The student's first keyed pseudonym; another one follows where it was erased."""
        return self._ref(ssid, 0)

    async def present_ref(self, ssid: str) -> str:
        """The pseudonym under which the student would be reported now.

        :raises StoreUnavailable: the database is away.
        """
        erasures = 0
        with translated():
            while await self._pool.fetchval(_ERASED, self._ref(ssid, erasures)):
                erasures += 1
        return self._ref(ssid, erasures)

    async def seal(self, ssids: Sequence[str], caller: str) -> list[SealedStudent]:
        """Each SSID sealed under its student's own key, which is made when the student is new.

        :param caller: who reports them; the new ones count towards the caller's quota.
        :raises TooManyNewStudents: that quota is used up; no key was made then.
        :raises StoreUnavailable: the database is away, or a key cannot be opened.
        """
        found: dict[str, tuple[str, bytes]] = {}
        erasures = 0
        while missing := [ssid for ssid in dict.fromkeys(ssids) if ssid not in found]:
            refs = {ssid: self._ref(ssid, erasures) for ssid in missing}
            keys = await self._ensure_keys(sorted(refs.values()), caller)
            found |= {ssid: (ref, keys[ref]) for ssid, ref in refs.items() if ref in keys}
            erasures += 1
        return [
            SealedStudent(ref, _sealed(AESGCM(key), ssid.encode("ascii"), ref))
            async for ssid, (ref, key) in piecewise((ssid, found[ssid]) for ssid in ssids)
        ]

    async def unseal(self, students: Sequence[SealedStudent]) -> Mapping[str, str]:
        """The SSIDs by ``student_ref``; a student who cannot be opened is absent, the others are not.

        That is so for those who are erased. Anybody else who is absent is counted: the key has vanished, it
        is another than the SSID was sealed under, or its epoch is not in the keyring.

        :raises StoreUnavailable: the database is away.
        """
        if not students:
            return {}
        with translated():
            rows = await self._pool.fetch(_KNOWN, sorted({student.student_ref for student in students}))
        keys = {row["student_ref"]: row["wrapped_key"] for row in rows}
        ring = self._keyring()  # as it is after the keys were read: they may be of an epoch that is new
        opened: dict[str, str] = {}
        async for student in piecewise(students):
            ref = student.student_ref
            if ref not in keys:
                self._unopened.labels("no_key").inc()
            elif (wrapped := keys[ref]) is not None and ref not in opened:
                ssid = self._opened(ring, student, bytes(wrapped))
                opened |= {} if ssid is None else {ref: ssid}
        return opened

    def _opened(self, ring: Keyring, student: SealedStudent, wrapped: bytes) -> str | None:
        try:
            return _opened(AESGCM(ring.unwrap(student.student_ref, wrapped)), student)
        except UnknownEpoch as error:
            self._unopened.labels("no_epoch").inc()
            log.error("key_epoch_unknown", epoch=error.epoch, remedy=_REMEDY)  # noqa: TRY400 - nothing to trace
            return None
        # ValueError: not even of the form of something sealed
        except (NotUnwrapped, InvalidTag, ValueError):
            self._unopened.labels("tag").inc()
            log.warning("ssid_not_opened", student_ref=student.student_ref)
            return None

    async def _ensure_keys(self, refs: list[str], caller: str) -> dict[str, bytes]:
        """The keys of these students by reference, without those who are erased."""
        ring = self._keyring()
        fresh = [ring.wrap(ref, AESGCM.generate_key(KEY_BYTES * 8)) async for ref in piecewise(refs)]
        now = self._clock.now().astimezone(PACIFIC)
        try:
            with translated():
                rows = await self._pool.fetch(_KEYS_FOR, refs, fresh, caller, now.date(), self._new_per_day)
        except asyncpg.PostgresError as error:
            if error.sqlstate == RETIRED:
                log.error("key_epoch_retired", epoch=ring.newest, remedy=_REMEDY)  # noqa: TRY400 - as above
                raise StoreUnavailable("The key-encryption key is retired.") from error
            if error.sqlstate != TOO_MANY_NEW:
                raise
            raise TooManyNewStudents(_seconds_until_tomorrow(now)) from None
        return dict(self._all_unwrapped((row["student_ref"], bytes(row["wrapped_key"])) for row in rows))

    def _all_unwrapped(self, wrapped: Iterable[tuple[str, bytes]]) -> Iterable[tuple[str, bytes]]:
        ring = self._keyring()  # anew, as in unseal
        for ref, key in wrapped:
            try:
                yield ref, ring.unwrap(ref, key)
            except NotUnwrapped as error:
                # a new key would make what was sealed under this one unreadable
                log.error("student_key_not_opened", student_ref=ref, reason=str(error))  # noqa: TRY400
                raise StoreUnavailable("A student's key cannot be opened.") from error

    def _ref(self, ssid: str, erasures: int) -> str:
        """The pseudonym after so many erasures; none of them leads to another without the reference key."""
        told = ssid if erasures == 0 else f"{ssid} after {erasures}"
        digest = hmac.digest(self._reference_key, told.encode("ascii"), hashlib.sha256)
        return "stu_" + base64.b32encode(digest).decode("ascii")[:26].lower()


def _sealed(key: AESGCM, plain: bytes, ref: str) -> str:
    nonce = os.urandom(NONCE_BYTES)
    return base64.b64encode(FORM + nonce + key.encrypt(nonce, plain, ref.encode("ascii"))).decode("ascii")


def _opened(key: AESGCM, student: SealedStudent) -> str:
    sealed = base64.b64decode(student.ssid_sealed)
    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    return key.decrypt(nonce, body, student.student_ref.encode("ascii")).decode("ascii")


def _seconds_until_tomorrow(now: datetime) -> int:
    midnight = datetime.combine(now.date() + timedelta(days=1), time(), PACIFIC)
    return max(1, int((midnight.astimezone(UTC) - now.astimezone(UTC)).total_seconds()) + 1)
