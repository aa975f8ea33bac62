"""Who is calling: bearer tokens (JWT) of the configured issuer, verified once and then remembered.

A token's life is counted by the machine's clock, never by the sandbox's movable one: the issuer does not
know that clock.
"""

from __future__ import annotations

import re
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from joserfc import jwt
from joserfc.errors import JoseError, SecurityWarning

from shared.http.jwks import KeySource, UnknownKey
from shared.http.problem import Unauthenticated
from shared.kernel.actor import STATEWIDE, Actor, Role
from shared.kernel.errors import Forbidden
from shared.kernel.names import no_person_because

ALGORITHMS = ("EdDSA", "Ed25519", "ES256", "RS256")  # signatures only: never "none", never a shared secret
LEEWAY = 30  # seconds that two machines' clocks may differ
SCHEME = "bearer"  # the security scheme's name in OpenAPI
REMEMBERED = 4096  # verified tokens, the latest used
BELIEVED_FOR = 300  # seconds until a token is verified anew: so long a withdrawn key goes on opening doors

_LEA = re.compile(r"[0-9]{7}")
_SCHOOL = re.compile(r"[0-9]{14}")


class MissingToken(Unauthenticated):
    """No ``Authorization: Bearer …``."""

    code = "missing_token"
    error = None  # RFC 6750 §3.1: no error code where no authentication was tried


class InvalidToken(Unauthenticated):
    """A token that cannot be believed, or that does not say who calls."""

    code = "invalid_token"


class TokenExpired(Unauthenticated):
    """A token that was good."""

    code = "token_expired"


class Authenticator:
    """Turns tokens into actors.

    :param issuer: the ``iss`` that a token must have.
    :param audience: the ``aud`` that a token must have (among others).
    :param jwks_url: where the issuer's public keys are: ``file://`` or ``http(s)://``.
    :param now: real time, in seconds since 1970.
    """

    def __init__(
        self, issuer: str, audience: str, jwks_url: str, *, now: Callable[[], float] = time.time
    ) -> None:
        self._now = now
        self._issuer = issuer
        self._audience = audience
        self._keys = KeySource(jwks_url)
        self._verified: OrderedDict[str, tuple[Actor, float]] = OrderedDict()

    async def verify(self, token: str) -> Actor:
        """The caller.

        :raises InvalidToken: not signed by the issuer, not for us, or without the claims of the contract.
        :raises TokenExpired: its time is over.
        :raises shared.http.jwks.KeysUnavailable: the issuer's keys were never seen and cannot be fetched.
        """
        known = self._verified.get(token)
        if known is not None and self._now() < known[1]:
            self._verified.move_to_end(token)
            return known[0]
        self._verified.pop(token, None)
        actor, until = await self._judge(token)
        self._remember(token, actor, min(until, self._now() + BELIEVED_FOR))
        return actor

    async def usable(self) -> str | None:
        """For ``/readyz``: why tokens cannot be judged now, if they cannot."""
        return await self._keys.usable()

    async def _judge(self, token: str) -> tuple[Actor, float]:
        claims = await self._signed_claims(token)
        until = _number(claims, "exp") + LEEWAY
        if self._now() >= until:
            raise TokenExpired("The token has expired; please sign in again.")
        if claims.get("iss") != self._issuer or not _is_for(self._audience, claims.get("aud")):
            raise InvalidToken("The token is of another issuer or for another audience.")
        if "nbf" in claims and self._now() < _number(claims, "nbf") - LEEWAY:
            raise InvalidToken("The token is not valid yet.")
        return actor_of(claims), until

    async def _signed_claims(self, token: str) -> dict[str, Any]:
        try:
            key = await self._keys.key_for(token)
            with warnings.catch_warnings():
                # joserfc warns of the name "EdDSA" (RFC 9864 renames it); most issuers still use it
                warnings.simplefilter("ignore", SecurityWarning)
                return jwt.decode(token, key, algorithms=ALGORITHMS).claims
        except (JoseError, UnknownKey, ValueError, TypeError) as error:  # a TypeError: {"crit": 5}
            raise InvalidToken("The token's signature cannot be verified.") from error

    def _remember(self, token: str, actor: Actor, until: float) -> None:
        self._verified[token] = (actor, until)
        if len(self._verified) > REMEMBERED:
            self._verified.popitem(last=False)


def actor_of(claims: dict[str, Any]) -> Actor:
    """The actor that claims describe (contract §2).

    :raises InvalidToken: a claim that the role needs is absent or not of its form.
    """
    role = _role(claims)
    lea, school = _text(claims, "lea", required=False), _text(claims, "school", required=False)
    if role not in STATEWIDE:
        _check_place(role, lea, school)
    name, email = _text(claims, "name", required=False) or "", _text(claims, "email", required=False) or ""
    if because := no_person_because(name, email):
        raise InvalidToken(f"The token's claim {because}.")
    return Actor(
        sub=_text(claims, "sub") or "",
        name=name,
        email=email,
        role=role,
        lea=lea,
        school=school,
    )


def require(caller: Actor, *roles: Role) -> None:
    """Let only these roles pass.

    :raises Forbidden: the caller has another role.
    """
    if caller.role not in roles:
        raise Forbidden(f"Not allowed for the role {caller.role}.")


def _check_place(role: Role, lea: str | None, school: str | None) -> None:
    if lea is None or not _LEA.fullmatch(lea):
        raise InvalidToken("The token does not name its LEA (claim lea: 7 digits).")
    if role is Role.LEA_COORDINATOR:
        return
    if school is None or not _SCHOOL.fullmatch(school):
        raise InvalidToken("The token does not name its school (claim school: 14 digits).")
    if not school.startswith(lea):
        raise InvalidToken("The token's school is not in the token's LEA.")


def _role(claims: dict[str, Any]) -> Role:
    try:
        return Role(_text(claims, "role") or "")
    except ValueError as error:
        raise InvalidToken("The token does not name a role of this system.") from error


def _text(claims: dict[str, Any], name: str, *, required: bool = True) -> str | None:
    value = claims.get(name)
    if value is None and not required:
        return None
    if not isinstance(value, str) or (required and not value) or "\0" in value:
        raise InvalidToken(f"The token's claim {name} is absent or not text.")
    return value


def _number(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < 1e12:
        raise InvalidToken(f"The token's claim {name} is absent or not a time.")
    return float(value)


def _is_for(audience: str, claimed: object) -> bool:
    return audience in claimed if isinstance(claimed, list) else claimed == audience


class _Bearer(SecurityBase):
    """The dependency behind ``Caller``; a security scheme, so that OpenAPI tells about it."""

    def __init__(self) -> None:
        self.model = HTTPBearer(bearerFormat="JWT")
        self.scheme_name = SCHEME

    async def __call__(self, request: Request) -> Actor:
        return await authenticated(request)


async def authenticated(request: Request) -> Actor:
    """The caller of this request; judged once per request.

    :raises MissingToken: nothing to judge.
    """
    known: Actor | None = request.scope.get("stairs.caller")
    if known is not None:
        return known
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise MissingToken("Send a bearer token: Authorization: Bearer …")
    authenticator: Authenticator = request.app.state.authenticator
    caller = await authenticator.verify(token.strip())
    request.scope["stairs.caller"] = caller
    return caller


Caller = Annotated[Actor, Depends(_Bearer())]
"""A route's parameter: the authenticated caller."""
