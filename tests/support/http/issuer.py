"""An issuer of the tests: its keys, its tokens, and tokens that nobody should make."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Callable
from typing import Any

import httpx
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from tests.support.http.tokens import AUDIENCE, ISSUER

ED = OKPKey.generate_key("Ed25519", {"kid": "ed", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
ENCRYPTION = OKPKey.generate_key("Ed25519", {"kid": "enc"})  # published for encryption


def nested(levels: int) -> object:
    found: object = "x"
    for _ in range(levels):
        found = [found]
    return found


def jwks(*keys: Key) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


def claims(**changes: object) -> dict[str, Any]:
    good: dict[str, Any] = {
        "sub": "lea-1",
        "name": "Lena Ortiz",
        "email": "lea-1@example.org",
        "role": "lea_coordinator",
        "lea": "1964733",
        "iss": ISSUER,
        "aud": AUDIENCE,
        "exp": int(time.time()) + 600,
    }
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def signed(key: Key = ED, alg: str = "Ed25519", kid: str | None = None, **changes: object) -> str:
    header = {"alg": alg, "kid": kid or key.kid}
    return jwt.encode(header, claims(**changes), key, algorithms=[alg])


def forged(
    header: dict[str, object] | str, sign: Callable[[bytes], bytes], payload: str | None = None
) -> str:
    def part(content: bytes) -> bytes:
        return base64.urlsafe_b64encode(content).rstrip(b"=")

    head = header if isinstance(header, str) else json.dumps(header)
    body = json.dumps(claims()) if payload is None else payload
    signing_input = part(head.encode()) + b"." + part(body.encode())
    return (signing_input + b"." + part(sign(signing_input))).decode()


def by_the_issuer(content: bytes) -> bytes:
    """A signature that the issuer's key makes, whatever stands in the token."""
    private: Any = ED.private_key
    return bytes(private.sign(content))


def spelled(
    header: dict[str, object] | str = '{"alg": "Ed25519", "kid": "ed"}', payload: str | None = None
) -> str:
    """A token of the issuer that no library would make."""
    return forged(header, by_the_issuer, payload)


class Ticking:
    """A clock that stands until it is moved."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Issuer:
    """An issuer whose keys change, and who counts how often it is asked."""

    def __init__(self, *keys: Key) -> None:
        self.document = jwks(*keys)
        self.asked = 0
        self.silent: asyncio.Event | None = None

    async def read(self, _url: str) -> bytes:
        self.asked += 1
        if self.silent is not None:
            await self.silent.wait()
        if not self.document:
            raise httpx.ConnectError("nobody there")
        return self.document


class Discovering:
    """An issuer with a discovery document."""

    def __init__(self, name: str, address: str, says: object = "", leads_to: object = "") -> None:
        self.name, self.address = name, address
        self.document = {
            "issuer": name if says == "" else says,
            "jwks_uri": address if leads_to == "" else leads_to,
        }
        self.asked_for: list[str] = []

    async def read(self, url: str) -> bytes:
        self.asked_for.append(url)
        return jwks(ED) if url == self.address else json.dumps(self.document).encode()
