"""Who is calling: bearer tokens (JWT) of the configured issuer, verified once and then remembered.

A token's life is counted by the machine's clock, never by the sandbox's movable one: the issuer does not
know that clock.
"""

from __future__ import annotations

import time
import warnings
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from joserfc import jws
from joserfc.errors import JoseError, SecurityWarning
from joserfc.jws import JWSRegistry

from shared.http.audit import CALLER
from shared.http.bounded_json import bounded_object
from shared.http.claims import ClaimMapping, InvalidToken
from shared.http.jwks import KeySource, UnknownKey
from shared.http.problem import Unauthenticated
from shared.http.token_header import LONGEST_HEADER, LONGEST_TOKEN
from shared.kernel.actor import Actor, Role
from shared.kernel.errors import Forbidden

ALGORITHMS = ("EdDSA", "Ed25519", "ES256", "RS256")  # signatures only: never "none", never a shared secret
LEEWAY = 30  # seconds that two machines' clocks may differ
SCHEME = "bearer"  # the security scheme's name in OpenAPI
REMEMBERED = 4096  # verified tokens, the latest used
BELIEVED_FOR = 300  # seconds until a token is verified anew; at once where the issuer's keys are others now
LONGEST_LIFE = 86_400.0  # seconds; a token cannot be called back, so that its life is the time to steal it


class MissingToken(Unauthenticated):
    """No ``Authorization: Bearer …``."""

    code = "missing_token"
    error = None  # RFC 6750 §3.1: no error code where no authentication was tried


class TokenExpired(Unauthenticated):
    """A token that was good."""

    code = "token_expired"


class Authenticator:
    """Turns tokens into actors.

    :param issuer: the ``iss`` that a token must have.
    :param audience: the ``aud`` that a token must have among others; of several, each is enough.
    :param jwks_url: where the issuer's public keys are, ``file://`` or ``http(s)://``; None: where the
        issuer's own discovery document says.
    :param mapping: where the claims of the contract stand in the issuer's tokens.
    :param longest_life: seconds from a token's ``iat`` to its ``exp``; without ``iat``, from now on.
    :param now: real time, in seconds since 1970.
    """

    def __init__(
        self,
        issuer: str,
        audience: str | Collection[str],
        jwks_url: str | None,
        *,
        mapping: ClaimMapping | None = None,
        longest_life: float = LONGEST_LIFE,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._now = now
        self._issuer = issuer
        self._audiences = frozenset({audience} if isinstance(audience, str) else audience)
        self._mapping = mapping or ClaimMapping()
        self._longest_life = longest_life
        self._keys = KeySource(jwks_url) if jwks_url else KeySource(issuer, discover=True)
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()

    async def verify(self, token: str) -> Actor:
        """The caller.

        :raises InvalidToken: not signed by the issuer, not for us, or without the claims of the contract.
        :raises TokenExpired: its time is over.
        :raises shared.http.jwks.KeysUnavailable: the issuer's keys were never seen and cannot be fetched.
        """
        await self._keys.keep_fresh()
        # by its hash: 4096 of the longest tokens would be 64 MB, and a dump of the memory would hold them
        name = sha256(token.encode("utf-8", "surrogatepass")).digest()
        known = self._verified.get(name)
        if known is not None and self._now() < known.until and known.keys == self._keys.edition:
            self._verified.move_to_end(name)
            return known.actor
        self._verified.pop(name, None)
        actor, until = await self._judge(token)
        self._remember(name, _Verified(actor, min(until, self._now() + BELIEVED_FOR), self._keys.edition))
        return actor

    async def usable(self) -> str | None:
        """For ``/readyz``: why tokens cannot be judged now, if they cannot."""
        return await self._keys.usable()

    async def _judge(self, token: str) -> tuple[Actor, float]:
        claims = await self._signed_claims(token)
        until = _number(claims, "exp") + LEEWAY
        if self._now() >= until:
            raise TokenExpired("The token has expired; please sign in again.")
        if claims.get("iss") != self._issuer or not self._is_for(claims.get("aud")):
            raise InvalidToken("The token is of another issuer or for another audience.")
        if "nbf" in claims and self._now() < _number(claims, "nbf") - LEEWAY:
            raise InvalidToken("The token is not valid yet.")
        self._require_bounded_life(claims)
        return self._mapping.actor(claims), until

    def _require_bounded_life(self, claims: dict[str, Any]) -> None:
        issued = _number(claims, "iat") if "iat" in claims else self._now()
        if issued > self._now() + LEEWAY:
            raise InvalidToken("The token is of the future.")
        if _number(claims, "exp") - issued > self._longest_life:
            raise InvalidToken("The token is valid for longer than this system accepts.")

    def _is_for(self, claimed: object) -> bool:
        named = claimed if isinstance(claimed, list) else [claimed]
        return any(isinstance(each, str) and each in self._audiences for each in named)

    async def _signed_claims(self, token: str) -> dict[str, Any]:
        try:
            key = await self._keys.key_for(token)
            with warnings.catch_warnings():
                # joserfc warns of the name "EdDSA" (RFC 9864 renames it); most issuers still use it
                warnings.simplefilter("ignore", SecurityWarning)
                signed = jws.deserialize_compact(token, key, registry=_REGISTRY)
            return bounded_object(signed.payload or b"")
        except (JoseError, UnknownKey, ValueError, TypeError) as error:
            raise InvalidToken("The token's signature cannot be verified.") from error

    def _remember(self, name: bytes, verified: _Verified) -> None:
        self._verified[name] = verified
        if len(self._verified) > REMEMBERED:
            self._verified.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Verified:
    actor: Actor
    until: float  # seconds since 1970
    keys: int  # the edition of the issuer's keys with which it was verified


class _Registry(JWSRegistry):
    """What a header may hold: parameters that nobody here knows are passed over (RFC 7515 §4)."""

    max_header_length = LONGEST_HEADER
    max_payload_length = LONGEST_TOKEN


_REGISTRY = _Registry(algorithms=ALGORITHMS, strict_check_header=False)


def require(caller: Actor, *roles: Role) -> None:
    """Let only these roles pass.

    :raises Forbidden: the caller has another role.
    """
    if caller.role not in roles:
        raise Forbidden(f"Not allowed for the role {caller.role}.")


def _number(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e12:
        raise InvalidToken(f"The token's claim {name} is absent or not a time.")
    return float(value)


class Bearer(SecurityBase):
    """The dependency behind ``Caller``; a security scheme, so that OpenAPI tells about it."""

    def __init__(self) -> None:
        self.model = HTTPBearer(bearerFormat="JWT")
        self.scheme_name = SCHEME

    async def __call__(self, request: Request) -> Actor:
        """The caller of this request."""
        return await authenticated(request)


async def authenticated(request: Request) -> Actor:
    """The caller of this request; judged once per request.

    :raises MissingToken: nothing to judge.
    :raises InvalidToken: more than one, of which somebody else might believe another.
    """
    known: Actor | None = request.scope.get(CALLER)
    if known is not None:
        return known
    sent = request.headers.getlist("authorization")
    if len(sent) > 1:
        # whoever reads before us may take another one than we do
        raise InvalidToken("Authorization is given more than once.")
    scheme, _, token = "".join(sent).partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise MissingToken("Send a bearer token: Authorization: Bearer …")
    authenticator: Authenticator = request.app.state.authenticator
    caller = await authenticator.verify(token.strip())
    request.scope[CALLER] = caller
    return caller


Caller = Annotated[Actor, Depends(Bearer())]
"""A route's parameter: the authenticated caller."""
