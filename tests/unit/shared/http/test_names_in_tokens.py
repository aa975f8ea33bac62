"""Whoever is called by something that is read as something else does not get in with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.http.claims import InvalidToken
from shared.kernel.actor import Actor
from tests.support.http.tokens import AUDIENCE, ISSUER, LEA_COORDINATOR, authenticator, signing_key
from tests.support.notifications.names import HOSTILE


def token_of(actor: Actor) -> str:
    return signing_key().sign(actor, issuer=ISSUER, audience=AUDIENCE, seconds=600)


@pytest.mark.parametrize("name", [name for name in HOSTILE if name != "\ud800Lena"], ids=ascii)
async def test_a_token_with_a_hostile_name_is_refused(name: str) -> None:
    with pytest.raises(InvalidToken):
        await authenticator().verify(token_of(replace(LEA_COORDINATOR, name=name)))


@pytest.mark.parametrize(
    "email",
    [
        "lena@lea.example.org\r\nBcc: evil@evil.example",
        "lena@lea.example.org, evil@evil.example",
        "Lena <lena@lea.example.org>",
        "=?utf-8?q?x=0D=0A?=@lea.example.org",
    ],
    ids=ascii,
)
async def test_a_token_with_a_hostile_address_is_refused(email: str) -> None:
    with pytest.raises(InvalidToken):
        await authenticator().verify(token_of(replace(LEA_COORDINATOR, email=email)))


@pytest.mark.parametrize(
    "name", ["Ortiz, Lena, Ph.D.", "María José Núñez", "שרה כהן", "lea-1@example.org", ""]
)
async def test_an_ordinary_name_comes_through_as_it_is(name: str) -> None:
    lena = replace(LEA_COORDINATOR, name=name)
    assert await authenticator().verify(token_of(lena)) == lena
