"""From the claims of a token to who is calling (contract §2), whatever the identity provider calls them.

An identity provider that cannot give its claims the names of the contract is understood by two settings:

    AUTH_CLAIMS=role=realm_access.roles, email=preferred_username      where each claim stands in its tokens
    AUTH_ROLES=STAIRS-Coordinator=lea_coordinator, cde=cde_reviewer    what its roles are here
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from shared.http.problem import Unauthenticated
from shared.kernel.actor import STATEWIDE, Actor, Role
from shared.kernel.names import no_person_because
from shared.kernel.ssid import REMOVED, holds_ssid, without_ssids

LONGEST = {"sub": 255, "name": 200, "email": 254, "role": 100, "lea": 14, "school": 14}
"""Characters of each claim: OpenID Connect Core §2 for ``sub``, RFC 5321 for an address."""

OTHER_USES = frozenset({"at_hash", "c_hash", "s_hash", "events", "cnf"})
"""Claims that only a token for another use has: an ID token's hashes, a security event's (RFC 8417), and the
key to which a token is bound (RFC 8705, RFC 9449): whoever has such a token alone does not have the key."""

ACCESS = frozenset({"bearer", "jwt", "at+jwt"})
"""What Keycloak's claim ``typ`` says of an access token; of others it says ID, Refresh, Offline, Logout."""

_LEA = re.compile(r"[0-9]{7}")
_SCHOOL = re.compile(r"[0-9]{14}")
# control characters, line separators, and what turns the direction of the text behind it
_UNPRINTABLE = re.compile("[\0-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff]")


class InvalidToken(Unauthenticated):
    """A token that cannot be believed, or that does not say who calls."""

    code = "invalid_token"


@dataclass(frozen=True)
class ClaimMapping:
    """Where the claims of the contract stand in an issuer's tokens.

    :param paths: by our name, the path in theirs; a point leads into an object.
    :param roles: by their name, the role here; a name that is not in it is no role here.
    """

    paths: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    roles: Mapping[str, Role] = field(
        default_factory=lambda: MappingProxyType({role.value: role for role in Role})
    )

    @classmethod
    def of(cls, claims: str | None, roles: str | None) -> ClaimMapping:
        """The mapping that the two settings describe.

        :raises ValueError: they are not of their form, or name what is not here.
        """
        paths = pairs(claims or "")
        for name in paths:
            if name not in LONGEST:
                raise ValueError(f"the names are {', '.join(LONGEST)}, each once")
        if not roles:
            return cls(paths)
        try:
            return cls(paths, {theirs: Role(ours) for theirs, ours in pairs(roles).items()})
        except ValueError as error:
            raise ValueError(f"the roles here are {', '.join(Role)}") from error

    def actor(self, claims: Mapping[str, Any]) -> Actor:
        """The actor that claims describe.

        :raises InvalidToken: a claim that the role needs is absent or not of its form, or the token is for
            another use.
        """
        _require_access_token(claims)
        role = self._role(claims)
        lea = self._text(claims, "lea", required=False)
        school = self._text(claims, "school", required=False)
        if role not in STATEWIDE:
            _require_place(role, lea, school)
        name = self._text(claims, "name", required=False) or ""
        email = self._text(claims, "email", required=False) or ""
        if because := no_person_because(name, email):
            raise InvalidToken(f"The token's claim {because}.")
        return Actor(
            sub=self._text(claims, "sub") or "",
            # what may be an SSID would be stored, mailed and published; an address cannot be mended
            name=without_ssids(name, REMOVED),
            email="" if holds_ssid(email) else email,
            role=role,
            lea=lea,
            school=school,
        )

    def _role(self, claims: Mapping[str, Any]) -> Role:
        """The one role; where it is mapped, it may stand in a list among roles of other applications."""
        found = _at(claims, self.paths.get("role", "role"))
        names = found if isinstance(found, list) and "role" in self.paths else [found]
        roles = {self.roles[name] for name in names if isinstance(name, str) and name in self.roles}
        if not roles:
            raise InvalidToken("The token does not name a role of this system.")
        if len(roles) > 1:
            raise InvalidToken("The token names several roles of this system; exactly one is needed.")
        return roles.pop()

    def _text(self, claims: Mapping[str, Any], name: str, *, required: bool = True) -> str | None:
        value = _at(claims, self.paths.get(name, name))
        if value is None and not required:
            return None
        if not isinstance(value, str) or (required and not value):
            raise InvalidToken(f"The token's claim {name} is absent or not text.")
        if len(value) > LONGEST[name] or _UNPRINTABLE.search(value):
            raise InvalidToken(f"The token's claim {name} is too long or holds a control character.")
        return value


def pairs(text: str) -> dict[str, str]:
    """``a=b, c=d`` as a mapping.

    :raises ValueError: not of this form, or one name twice.
    """
    found: dict[str, str] = {}
    for each in text.split(",") if text.strip() else ():
        name, _, value = (part.strip() for part in each.partition("="))
        if not name or not value or "=" in value or name in found:
            raise ValueError("not of the form name=value, name=value, or one name twice")
        found[name] = value
    return found


def _at(claims: object, path: str) -> object:
    """What stands at a path; a name that itself has points (a web address, a client's id) is tried whole."""
    if not isinstance(claims, dict):
        return None
    if path in claims:
        return claims[path]
    parts = path.split(".")
    for length in range(len(parts) - 1, 0, -1):
        found = _at(claims.get(".".join(parts[:length])), ".".join(parts[length:]))
        if found is not None:
            return found
    return None


def _require_access_token(claims: Mapping[str, Any]) -> None:
    """An ID, refresh or logout token of the same issuer and audience opens nothing (RFC 8725 §3.12)."""
    kind = claims.get("typ")
    if OTHER_USES & claims.keys() or (kind is not None and str(kind).lower() not in ACCESS):
        raise InvalidToken("The token is no access token.")


def _require_place(role: Role, lea: str | None, school: str | None) -> None:
    if lea is None or not _LEA.fullmatch(lea):
        raise InvalidToken("The token does not name its LEA (claim lea: 7 digits).")
    if role is Role.LEA_COORDINATOR:
        return
    if school is None or not _SCHOOL.fullmatch(school):
        raise InvalidToken("The token does not name its school (claim school: 14 digits).")
    if not school.startswith(lea):
        raise InvalidToken("The token's school is not in the token's LEA.")
