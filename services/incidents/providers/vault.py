"""SSIDs, sealed per student (ADR 0007).

    SSID --HMAC under the reference key--> student_ref         the same in every case, useless without the key
    SSID --AES-256-GCM under the student's own key--> sealed   the reference is authenticated with it
    student's key --AES-256-GCM under the key-encryption key--> row of ``student_keys``

Both master keys are files outside the database. Deleting a row of ``student_keys`` erases the student: what
was sealed under its key stays in the facts and means nothing any more.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.incidents.domain.values import SealedStudent
from shared.persistence.faults import translated

KEY_BYTES = 32
NONCE_BYTES = 12
FORM = b"\x01"
"""The first byte of everything sealed: which way it was sealed, should there ever be another."""

_KNOWN = "SELECT student_ref, wrapped_key FROM student_keys WHERE student_ref = any($1::text[])"
_ENSURED = """
    WITH offered AS (SELECT * FROM unnest($1::text[], $2::bytea[]) AS o (student_ref, wrapped_key)),
    added AS (
        INSERT INTO student_keys (student_ref, wrapped_key) SELECT student_ref, wrapped_key FROM offered
        ON CONFLICT DO NOTHING RETURNING student_ref, wrapped_key
    )
    SELECT student_ref, wrapped_key FROM added
    UNION ALL
    SELECT student_ref, k.wrapped_key FROM student_keys k JOIN offered USING (student_ref)
"""


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
        self, pool: asyncpg.Pool[asyncpg.Record], key_encryption_key: bytes, reference_key: bytes
    ) -> None:
        self._pool = pool
        self._wrapping = AESGCM(key_encryption_key)
        self._reference_key = reference_key

    def ref(self, ssid: str) -> str:
        """The student's keyed pseudonym."""
        digest = hmac.digest(self._reference_key, ssid.encode("ascii"), hashlib.sha256)
        return "stu_" + base64.b32encode(digest).decode("ascii")[:26].lower()

    async def seal(self, ssids: Sequence[str]) -> list[SealedStudent]:
        """Each SSID sealed under its student's own key, which is made when the student is new.

        :raises StoreUnavailable: the database is away.
        """
        refs = [self.ref(ssid) for ssid in ssids]
        keys = await self._ensure_keys(sorted(set(refs)))
        return [
            SealedStudent(ref, _sealed(AESGCM(keys[ref]), ssid.encode("ascii"), ref))
            for ref, ssid in zip(refs, ssids, strict=True)
        ]

    async def unseal(self, students: Sequence[SealedStudent]) -> Mapping[str, str]:
        """The SSIDs by ``student_ref``; a student whose key was destroyed is absent.

        :raises cryptography.exceptions.InvalidTag: what was sealed was tampered with, or under other keys.
        :raises StoreUnavailable: the database is away.
        """
        if not students:
            return {}
        wrapped = await self._wrapped_keys(sorted({student.student_ref for student in students}))
        keys = {ref: self._unwrapped(ref, key) for ref, key in wrapped.items()}
        return {
            student.student_ref: _opened(AESGCM(keys[student.student_ref]), student)
            for student in students
            if student.student_ref in keys
        }

    async def _ensure_keys(self, refs: list[str]) -> dict[str, bytes]:
        fresh = [self._wrapped(ref, AESGCM.generate_key(KEY_BYTES * 8)) for ref in refs]
        with translated():
            rows = await self._pool.fetch(_ENSURED, refs, fresh)
        wrapped = {ref: bytes(key) for ref, key in rows}
        if len(wrapped) < len(refs):  # somebody else added one at the same moment: it is visible now
            wrapped = await self._wrapped_keys(refs)
        return {ref: self._unwrapped(ref, wrapped[ref]) for ref in refs}

    async def _wrapped_keys(self, refs: list[str]) -> dict[str, bytes]:
        with translated():
            rows = await self._pool.fetch(_KNOWN, refs)
        return {ref: bytes(key) for ref, key in rows}

    def _wrapped(self, ref: str, key: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return FORM + nonce + self._wrapping.encrypt(nonce, key, b"key:" + ref.encode("ascii"))

    def _unwrapped(self, ref: str, wrapped: bytes) -> bytes:
        nonce, body = wrapped[1 : 1 + NONCE_BYTES], wrapped[1 + NONCE_BYTES :]
        return self._wrapping.decrypt(nonce, body, b"key:" + ref.encode("ascii"))


def _sealed(key: AESGCM, plain: bytes, ref: str) -> str:
    nonce = os.urandom(NONCE_BYTES)
    return base64.b64encode(FORM + nonce + key.encrypt(nonce, plain, ref.encode("ascii"))).decode("ascii")


def _opened(key: AESGCM, student: SealedStudent) -> str:
    sealed = base64.b64decode(student.ssid_sealed)
    nonce, body = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
    return key.decrypt(nonce, body, student.student_ref.encode("ascii")).decode("ascii")
