"""The public keys of the issuer (JWKS): fetched off the event loop, kept, looked up again when one is new."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx
import orjson
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, OctKey, OKPKey, RSAKey

from shared.http.problem import Busy

AGAIN_AFTER = 30.0  # seconds between two fetches, however many unknown keys are named meanwhile
FRESH_FOR = 600.0  # seconds after which the keys are fetched anew: the issuer may have withdrawn one
FIRST_AGAIN_AFTER = 1.0  # the same, as long as there are no keys at all
TIMEOUT = 5.0  # seconds for one fetch

_TYPES: dict[str, type[Key]] = {"EdDSA": OKPKey, "Ed25519": OKPKey, "ES256": ECKey, "RS256": RSAKey}
log = structlog.get_logger(__name__)


class UnknownKey(LookupError):  # noqa: N818 - says what is so
    """The token names no key of the issuer, or one of another kind than its algorithm needs."""


class KeysUnavailable(Busy):
    """The issuer's keys were never seen and cannot be fetched: no token can be judged."""

    code = "keys_unavailable"


class KeySource:
    """The keys at one address.

    :param read: how they are fetched.
    :param now: a clock that only goes forward, in seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        read: Callable[[str], Awaitable[bytes]] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url = url
        self._read = read or _read
        self._now = now
        self._keys: list[Key] = []
        self._tried = self._fetched = float("-inf")
        self._fetching = asyncio.Lock()

    async def key_for(self, token: str) -> Key:
        """The key that a token names, of the kind that its algorithm needs.

        :raises UnknownKey: there is none, also after looking again.
        :raises ValueError: not a token at all.
        :raises KeysUnavailable: no keys were ever fetched.
        """
        header = _header(token)
        kind, kid = _TYPES.get(str(header.get("alg"))), header.get("kid")
        if kind is None:
            raise UnknownKey("an algorithm that is not accepted")
        found = self._find(kind, kid)
        if found is None or self._now() - self._fetched > FRESH_FOR:
            await self._fetch_again()
            found = self._find(kind, kid)
        if found is None:
            raise UnknownKey("no such key")
        return found

    async def usable(self) -> str | None:
        """Why there are no keys, if there are none."""
        if not self._keys:
            try:
                await self._fetch_again()
            except KeysUnavailable as refusal:
                return f"{refusal.detail} Check AUTH_JWKS_URL."
        return None

    def _find(self, kind: type[Key], kid: object) -> Key | None:
        fitting = [key for key in self._keys if isinstance(key, kind) and key.get("use", "sig") == "sig"]
        if kid is None:
            return fitting[0] if len(fitting) == 1 else None
        return next((key for key in fitting if key.kid == kid), None)

    async def _fetch_again(self) -> None:
        async with self._fetching:
            pause = AGAIN_AFTER if self._keys else FIRST_AGAIN_AFTER
            if self._now() - self._tried >= pause:
                await self._fetch()
                self._tried = self._now()
        if not self._keys:
            raise KeysUnavailable("The issuer's keys cannot be fetched at present.", retry_after=5)

    async def _fetch(self) -> None:
        try:
            entries = list(orjson.loads(await self._read(self._url))["keys"])
        except (OSError, httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            log.warning("keys_not_fetched", url=self._url, error=type(error).__name__)
            return
        self._keys = [key for entry in entries for key in _readable(entry) if not isinstance(key, OctKey)]
        self._fetched = self._now()


def _readable(entry: object) -> Sequence[Key]:
    """The key of one entry; none for one that we cannot read: it is of no use, and spoils no other."""
    try:
        return KeySet.import_key_set({"keys": [entry]}).keys  # type: ignore[list-item]
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("key_not_read", error=type(error).__name__)
        return ()


def _header(token: str) -> dict[str, Any]:
    encoded = token.split(".", 1)[0]
    header = orjson.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)))
    if not isinstance(header, dict):
        raise ValueError("a token's header is an object")  # noqa: TRY004 - one kind of error for one kind of junk
    return header


async def _read(url: str) -> bytes:
    parts = urlsplit(url)
    if parts.scheme == "file":
        return await asyncio.to_thread(Path(unquote(parts.path)).read_bytes)
    async with httpx.AsyncClient(timeout=TIMEOUT) as client:
        answer = await client.get(url)
        answer.raise_for_status()
        return answer.content
