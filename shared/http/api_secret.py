"""The secret of a service's API: it marks what we hand out, so that we know it again when it comes back.

Cursors, fingerprints of requests and idempotency keys that may hold an SSID are marked with it: nobody else
can make such a mark, nor try out what one was made of.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from pathlib import Path

BYTES = 32


class BadSecretFile(ValueError):  # noqa: N818 - says what is so
    """No file with such a secret."""


class ApiSecret:
    """Makes marks: keyed digests of some parts, for one purpose each."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    @classmethod
    def read(cls, path: Path) -> ApiSecret:
        """The secret in a file: 32 bytes, in base64.

        :raises BadSecretFile: it is not there, or holds something else; nothing of it is repeated.
        """
        try:
            secret = base64.b64decode(path.read_text("ascii").strip(), validate=True)
        except (OSError, ValueError, binascii.Error):
            raise BadSecretFile(f"{path}: not a readable file with a secret in base64") from None
        if len(secret) != BYTES:
            raise BadSecretFile(f"{path}: the secret has {BYTES} bytes, this one has {len(secret)}")
        return cls(secret)

    @classmethod
    def of_this_process(cls) -> ApiSecret:
        """A new one, which no other process knows and which ends with this one; for tests and documents."""
        return cls(secrets.token_bytes(BYTES))

    def mark(self, purpose: str, *parts: bytes) -> bytes:
        """The mark of these parts: 32 bytes (HMAC-SHA-256).

        Each part is preceded by its length, so that no two lists of parts read alike.
        """
        framed = b"".join(each for part in parts for each in (len(part).to_bytes(8, "big"), part))
        return hmac.digest(self._secret, purpose.encode() + framed, hashlib.sha256)
