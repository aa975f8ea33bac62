"""Signing keys of our own, for a machine without an identity provider: made at first start, kept private."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from pathlib import Path
from uuid import uuid4

import orjson
from joserfc import jwt
from joserfc.jwk import OKPKey

from shared.kernel.actor import Actor

SANDBOX_ISSUER = "https://stairs.local"
"""Who signs the tokens of a sandbox; a service that is none refuses to be told this name."""

SANDBOX_AUDIENCE = "stairs"
HOURS = 12.0  # that a sandbox's token lives, unless somebody asks for others: a working day

SIGNING_KEY = "signing-key.json"
JWKS = "jwks.json"


class SigningKey:
    """An Ed25519 key in a folder: the private half for its owner only, the public half as a JWKS."""

    def __init__(self, key: OKPKey, jwks: Path) -> None:
        self._key = key
        self.key_id = str(key.kid)
        self.jwks_url = jwks.absolute().as_uri()

    @classmethod
    def in_folder(cls, folder: Path) -> SigningKey:
        """The folder's key, made if it is not there yet; safe when several processes start at once."""
        folder.mkdir(parents=True, exist_ok=True)
        private, public = folder / SIGNING_KEY, folder / JWKS
        if not private.exists():
            _write_once(private, orjson.dumps(_new_key().as_dict(private=True)), 0o600)
        key = OKPKey.import_key(orjson.loads(private.read_bytes()))
        if not public.exists():
            _write_once(public, orjson.dumps({"keys": [key.as_dict(private=False)]}), 0o644)
        return cls(key, public)

    def sign(self, actor: Actor, *, issuer: str, audience: str, seconds: float = HOURS * 3600) -> str:
        """A bearer token for this actor, good for so many seconds of real time."""
        now = int(time.time())
        person = {name: value for name, value in asdict(actor).items() if value is not None}
        life = {"iss": issuer, "aud": audience, "iat": now, "exp": now + int(seconds)}
        header = {"alg": "Ed25519", "kid": self.key_id}
        return jwt.encode(header, {**person, **life}, self._key, algorithms=["Ed25519"])


def _new_key() -> OKPKey:
    key = OKPKey.generate_key("Ed25519", {"use": "sig", "alg": "Ed25519"})
    key.ensure_kid()
    return key


def _write_once(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all; where two write at once, the first one's content stays."""
    draft = path.with_name(f".{path.name}.{uuid4().hex}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
