"""Tokens of an identity provider that others made are understood by settings alone.

The provider is the npm package oidc-provider, which the OpenID Foundation has certified. It gives its clients
tokens with claims where Keycloak and Entra ID place them.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from shared.chassis.api import authenticator
from shared.http.auth import Authenticator
from shared.http.claims import InvalidToken
from shared.kernel.actor import Role
from shared.process.auth_settings import AuthSettings
from tests.support.contracts.client_tools import copied, npm_packages
from tests.support.http.problems import expect_problem
from tests.support.http.sample_app import Desk, client, sample_app
from tests.support.http.tokens import LEA, SCHOOL
from tests.support.servers.ports import free_port

AUDIENCE = "https://stairs.example"
CLAIMS: dict[str, dict[str, Any]] = {
    "plain": {"role": "lea_coordinator", "lea": LEA, "name": "Lena Ortiz", "email": "lena@district.example"},
    "keycloak": {
        "realm_access": {"roles": ["offline_access", "site_coordinator"]},
        "preferred_username": "sam@school.example",
        "name": "Sam Okafor",
        "cds": {"lea": LEA, "school": SCHOOL},
    },
    "entra": {"roles": ["STAIRS.Reviewer"], "upn": "dee@cde.example", "name": "Dee Chandra", "ver": "2.0"},
    "nobody": {"name": "Somebody else"},
}
SETTINGS = {
    "plain": {},
    "keycloak": {
        "auth_claims": "role=realm_access.roles, email=preferred_username, lea=cds.lea, school=cds.school"
    },
    "entra": {"auth_claims": "role=roles, email=upn", "auth_roles": "STAIRS.Reviewer=cde_reviewer"},
}


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The provider's address, which is its name."""
    npm_packages()
    url = f"http://127.0.0.1:{free_port()}"
    told = {"ISSUER": url, "AUDIENCE": AUDIENCE, "CLAIMS": json.dumps(CLAIMS)}
    with subprocess.Popen(
        ["node", str(copied("oidc") / "provider.mjs")],
        env={**os.environ, **told},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            with httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=30) as http:
                assert http.get(f"{url}/.well-known/openid-configuration").status_code == 200
            yield url
        finally:
            process.terminate()


def token(issuer: str, name: str) -> str:
    """What the provider gives this client."""
    given = httpx.post(
        f"{issuer}/token", data={"grant_type": "client_credentials"}, auth=(name, "secret"), timeout=30
    )
    assert given.status_code == 200, given.text
    return str(given.json()["access_token"])


def judge(issuer: str, **more: str) -> Authenticator:
    """As a service is told by its environment; no address of keys is among it."""
    told = {"auth_issuer": issuer, "auth_audience": f"stairs, {AUDIENCE}", **more}
    return authenticator(AuthSettings.model_validate(told))


@pytest.mark.parametrize(
    ("name", "role", "email", "place"),
    [
        ("plain", Role.LEA_COORDINATOR, "lena@district.example", (LEA, None)),
        ("keycloak", Role.SITE_COORDINATOR, "sam@school.example", (LEA, SCHOOL)),
        ("entra", Role.CDE_REVIEWER, "dee@cde.example", (None, None)),
    ],
)
async def test_a_providers_tokens_are_understood(
    issuer: str, name: str, role: Role, email: str, place: tuple[str | None, str | None]
) -> None:
    actor = await judge(issuer, **SETTINGS[name]).verify(token(issuer, name))
    assert (actor.sub, actor.role, actor.email, (actor.lea, actor.school)) == (name, role, email, place)


async def test_a_providers_token_opens_an_api_and_one_without_a_role_does_not(issuer: str) -> None:
    async with client(sample_app(Desk(), auth=judge(issuer))) as http:

        async def asked(name: str) -> httpx.Response:
            return await http.get("/v1/notices", headers={"Authorization": f"Bearer {token(issuer, name)}"})

        assert (await asked("plain")).status_code == 200
        expect_problem(await asked("nobody"), 401, "invalid_token")


async def test_a_providers_token_for_another_audience_is_refused(issuer: str) -> None:
    other = judge(issuer, auth_audience="billing")
    with pytest.raises(InvalidToken):
        await other.verify(token(issuer, "plain"))
