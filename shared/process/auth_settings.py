"""What a service is told about tokens: whose they are, for whom, where the keys are, how claims are called.

    settings = load(AuthSettings)
    Authenticator(settings.auth_issuer, settings.audiences, settings.auth_jwks_url, mapping=settings.mapping)

Whoever signs tokens can be anybody. Therefore issuer and audience have no default, but on a machine that says
of itself that it is a sandbox; and the sandbox's issuer, whose key lies in a folder, is refused elsewhere.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.http.auth import LONGEST_LIFE
from shared.http.claims import ClaimMapping
from shared.http.jwks import trustworthy
from shared.http.signing_key import SANDBOX_AUDIENCE, SANDBOX_ISSUER

MONTH = 2_678_400.0  # seconds


def _mapping_of_claims(text: str) -> str:
    ClaimMapping.of(text, None)
    return text


def _mapping_of_roles(text: str) -> str:
    ClaimMapping.of(None, text)
    return text


JwksUrl = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1), AfterValidator(trustworthy)]
"""Where public keys are; plain http only on this machine."""


class AuthSettings(BaseSettings):
    """The settings that begin with ``AUTH_``, and whether this is a sandbox."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    stairs_sandbox: bool = Field(
        default=False, description="true: a machine to try STAIRS out, which signs its own tokens"
    )
    auth_issuer: str = Field(
        default="",
        validate_default=True,
        description="the iss claim of the tokens to be accepted; needed, but for a sandbox",
    )
    auth_audience: str = Field(
        default="",
        validate_default=True,
        description="the aud claim of the tokens to be accepted, or several with commas; needed, but for a"
        " sandbox",
    )
    auth_jwks_url: JwksUrl | None = Field(
        default=None,
        validate_default=True,
        description="the issuer's public keys: file:///path/jwks.json or https://… (http:// on loopback"
        " only); unset: where the issuer's discovery document says",
    )
    auth_claims: Annotated[str, AfterValidator(_mapping_of_claims)] | None = Field(
        default=None,
        description="where claims stand in the issuer's tokens, if not under the names of the contract:"
        " role=realm_access.roles, email=preferred_username",
    )
    auth_roles: Annotated[str, AfterValidator(_mapping_of_roles)] | None = Field(
        default=None,
        description="what the issuer's roles are here: stairs-lea=lea_coordinator, stairs-cde=cde_reviewer;"
        " unset: they have the names of the contract",
    )
    auth_longest_life_seconds: float = Field(
        default=LONGEST_LIFE,
        gt=0,
        le=MONTH,
        description="seconds that a token may be valid, from iat to exp; longer ones are refused",
    )

    @property
    def audiences(self) -> frozenset[str]:
        """Each audience that is accepted."""
        return frozenset(_listed(self.auth_audience))

    @property
    def mapping(self) -> ClaimMapping:
        """How claims are read."""
        return ClaimMapping.of(self.auth_claims, self.auth_roles)

    @field_validator("auth_issuer")
    @classmethod
    def _of_somebody(cls, issuer: str, said: ValidationInfo) -> str:
        sandbox = said.data.get("stairs_sandbox", True)  # absent: it is wrong, and that is said already
        issuer = _given(issuer, SANDBOX_ISSUER if sandbox else None)
        if not sandbox and (urlsplit(issuer).hostname or "").rstrip(".") == urlsplit(SANDBOX_ISSUER).hostname:
            raise ValueError("the sandbox's own issuer, whose signing key lies in a folder")
        return issuer

    @field_validator("auth_audience")
    @classmethod
    def _for_somebody(cls, audience: str, said: ValidationInfo) -> str:
        audience = _given(audience, SANDBOX_AUDIENCE if said.data.get("stairs_sandbox", True) else None)
        if not all(_listed(audience)):
            raise ValueError("not one name, or several with commas in between")
        return audience

    @field_validator("auth_jwks_url")
    @classmethod
    def _somewhere(cls, url: str | None, said: ValidationInfo) -> str | None:
        issuer = said.data.get("auth_issuer")
        if url is None and issuer is not None:
            try:
                discovered = issuer != SANDBOX_ISSUER and urlsplit(trustworthy(issuer)).scheme != "file"
            except ValueError:
                discovered = False
            if not discovered:
                raise PydanticCustomError("missing", "this issuer has no discovery document")
        return url


def _given(value: str, otherwise: str | None) -> str:
    if value and not value.strip():
        raise ValueError("blank")
    if not value and otherwise is None:
        raise PydanticCustomError("missing", "nobody can be believed without")
    return value.strip() or otherwise or ""


def _listed(text: str) -> list[str]:
    return [each.strip() for each in text.split(",")]
