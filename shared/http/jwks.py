"""The public keys of the issuer (JWKS): fetched off the event loop, kept, looked up again when one is new."""

from __future__ import annotations

import asyncio
import time
import warnings
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import structlog
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jwk import ECKey, Key, KeySet, OctKey, OKPKey, RSAKey

from shared.http.bounded_json import bounded_object
from shared.http.problem import Busy
from shared.http.token_header import header_of

AGAIN_AFTER = 30.0  # seconds between two fetches, however many unknown keys are named meanwhile
FRESH_FOR = 60.0  # seconds after which nothing is judged without asking anew: a key may have been withdrawn
FIRST_AGAIN_AFTER = 1.0  # the same, as long as there are no keys at all
TIMEOUT = 5.0  # seconds for one fetch
LARGEST = 1_048_576  # bytes of a document
MOST_KEYS = 100
SHORTEST_RSA = 2_048  # bits
DISCOVERY = "/.well-known/openid-configuration"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

_TYPES: dict[str, type[Key]] = {"EdDSA": OKPKey, "Ed25519": OKPKey, "ES256": ECKey, "RS256": RSAKey}
log = structlog.get_logger(__name__)


class UnknownKey(LookupError):  # noqa: N818 - says what is so
    """The token names no key of the issuer, or one of another kind than its algorithm needs."""


class KeysUnavailable(Busy):
    """The issuer's keys were never seen and cannot be fetched: no token can be judged."""

    code = "keys_unavailable"


class KeySource:
    """The keys at one address.

    :param url: the key set's, or with ``discover`` the issuer's.
    :param discover: ask the issuer's discovery document where its keys are (OpenID Connect Discovery §4).
    :param read: how both are fetched.
    :param now: a clock that only goes forward, in seconds.
    """

    def __init__(
        self,
        url: str,
        *,
        discover: bool = False,
        read: Callable[[str], Awaitable[bytes]] | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._url, self._discover = url, discover
        self._read = read or _read
        self._now = now
        self._keys: list[Key] = []
        self.edition = 0  # another one whenever the keys are others
        self._tried = self._fetched = float("-inf")
        self._fetching: asyncio.Task[None] | None = None

    async def keep_fresh(self) -> None:
        """See to it that keys which the issuer has withdrawn are forgotten within ``FRESH_FOR``.

        Asks behind the caller's back; only where the last answer is older than that, the caller waits. While
        the issuer does not answer, what it said last goes on: nobody waits for it.
        """
        age = self._now() - self._fetched
        if self._keys and age > AGAIN_AFTER and self._now() - self._tried >= AGAIN_AFTER:
            answered = self._tried == self._fetched
            fetching = self._begin()
            if answered and age > FRESH_FOR:
                await asyncio.wait([fetching])

    async def key_for(self, token: str) -> Key:
        """The key that a token names, of the kind that its algorithm needs.

        :raises UnknownKey: there is none, also after looking again.
        :raises ValueError: not a token that may be one for us at all.
        :raises KeysUnavailable: no keys were ever fetched.
        """
        header = header_of(token)
        algorithm, kid = header.get("alg"), header.get("kid")
        if not isinstance(algorithm, str) or algorithm not in _TYPES:
            raise UnknownKey("an algorithm that is not accepted")
        await self.keep_fresh()
        found = self._find(algorithm, kid)
        if found is None:
            await self._fetch_again()
            found = self._find(algorithm, kid)
        if found is None:
            raise UnknownKey("no such key")
        return found

    async def usable(self) -> str | None:
        """Why there are no keys, if there are none."""
        if not self._keys:
            try:
                await self._fetch_again()
            except KeysUnavailable as refusal:
                setting = "AUTH_ISSUER or set AUTH_JWKS_URL" if self._discover else "AUTH_JWKS_URL"
                return f"{refusal.detail} Check {setting}."
        return None

    def _find(self, algorithm: str, kid: object) -> Key | None:
        fitting = [key for key in self._keys if _fits(key, algorithm)]
        if kid is None:
            return fitting[0] if len(fitting) == 1 else None
        return next((key for key in fitting if key.kid == kid), None)

    async def _fetch_again(self) -> None:
        pause = AGAIN_AFTER if self._keys else FIRST_AGAIN_AFTER
        if self._fetching is not None or self._now() - self._tried >= pause:
            await asyncio.wait([self._begin()])
        if not self._keys:
            raise KeysUnavailable("The issuer's keys cannot be fetched at present.", retry_after=5)

    def _begin(self) -> asyncio.Task[None]:
        """The fetch that is under way, or a new one; whoever waits for it and leaves does not end it."""
        if self._fetching is None:
            # of no request: its correlation id is not the first caller's
            self._fetching = asyncio.create_task(self._fetch(), context=Context())
            self._fetching.add_done_callback(self._done)
        return self._fetching

    def _done(self, task: asyncio.Task[None]) -> None:
        self._fetching = None
        if not task.cancelled() and task.exception() is not None:
            log.error("keys_not_fetched", url=self._url, error=type(task.exception()).__name__)

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(TIMEOUT):
                entries = bounded_object(await self._read(await self._address()))["keys"]
            if not isinstance(entries, list):
                raise TypeError("no list of keys")  # noqa: TRY301 - told as every other junk is
        except (OSError, httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
            log.warning("keys_not_fetched", url=self._url, error=type(error).__name__)
            self._tried = self._now()
            return
        self._take([key for entry in entries[:MOST_KEYS] for key in _readable(entry) if _trusted(key)])

    def _take(self, keys: list[Key]) -> None:
        if [key.as_dict(private=False) for key in keys] != [key.as_dict(private=False) for key in self._keys]:
            self._keys = keys
            self.edition += 1
        self._tried = self._fetched = self._now()

    async def _address(self) -> str:
        """Where the keys are.

        :raises ValueError: the discovery document is another issuer's, or leads to an address that is unsafe.
        """
        if not self._discover:
            return self._url
        document = bounded_object(await self._read(self._url.rstrip("/") + DISCOVERY))
        address = document.get("jwks_uri")
        if document.get("issuer") != self._url or not isinstance(address, str):
            raise ValueError("not the discovery document of this issuer")
        if urlsplit(address).scheme == "file":
            raise ValueError("not a web address")
        return trustworthy(address)


def trustworthy(url: str) -> str:
    """An address from which keys may be taken.

    :raises ValueError: anybody on the way could give us theirs.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("file", "http", "https"):
        raise ValueError("not a file://, https:// or http:// address")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("keys fetched over plain http from another machine could be anybody's")
    return url


def _fits(key: Key, algorithm: str) -> bool:
    """Whether a key is for checking signatures of this algorithm (RFC 7517 §4.2 to §4.4)."""
    own = key.get("alg")
    same = own is None or own == algorithm or {own, algorithm} == {"EdDSA", "Ed25519"}
    operations = key.get("key_ops")
    checks = operations is None or "verify" in operations
    return isinstance(key, _TYPES[algorithm]) and key.get("use", "sig") == "sig" and same and checks


def _trusted(key: Key) -> bool:
    """No shared secret, which who checks could sign with; no RSA key that is too short (RFC 7518 §3.3)."""
    if isinstance(key, RSAKey):
        return key.public_key.key_size >= SHORTEST_RSA
    return not isinstance(key, OctKey)


def _readable(entry: object) -> Sequence[Key]:
    """The key of one entry; none for one that we cannot read: it is of no use, and spoils no other."""
    try:
        with warnings.catch_warnings():
            # of a short key, which is not taken
            warnings.simplefilter("ignore", SecurityWarning)
            return KeySet.import_key_set({"keys": [entry]}).keys  # type: ignore[list-item]
    except (JoseError, ValueError, KeyError, TypeError, AttributeError) as error:
        log.warning("key_not_read", error=type(error).__name__)
        return ()


async def _read(url: str) -> bytes:
    parts = urlsplit(url)
    if parts.scheme == "file":
        return await asyncio.to_thread(Path(unquote(parts.path)).read_bytes)
    content = bytearray()
    async with httpx.AsyncClient(timeout=TIMEOUT) as client, client.stream("GET", url) as answer:
        answer.raise_for_status()
        async for chunk in answer.aiter_bytes():
            content += chunk
            if len(content) > LARGEST:
                raise ValueError("a document larger than any")
    return bytes(content)
