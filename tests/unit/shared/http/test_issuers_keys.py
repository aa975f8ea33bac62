"""The issuer's keys: found, looked up again, forgotten once they are withdrawn."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from shared.http.auth import Authenticator
from shared.http.claims import InvalidToken
from shared.http.jwks import AGAIN_AFTER, FRESH_FOR, KeySource, KeysUnavailable, UnknownKey
from tests.support.http.issuer import EC, ED, RSA, Discovering, Issuer, Ticking, forged, jwks, signed
from tests.support.http.tokens import AUDIENCE, ISSUER, LEA_COORDINATOR


async def test_a_new_key_of_the_issuer_is_looked_up() -> None:
    issuer, clock = Issuer(ED), Ticking()
    source = KeySource("https://issuer/jwks", read=issuer.read, now=clock)
    assert (await source.key_for(signed(ED))).kid == "ed"
    issuer.document = jwks(ED, EC)
    clock.now += AGAIN_AFTER
    assert (await source.key_for(signed(EC, "ES256"))).kid == "ec"


async def test_unknown_keys_do_not_make_us_a_nuisance() -> None:
    issuer, clock = Issuer(ED), Ticking()
    source = KeySource("https://issuer/jwks", read=issuer.read, now=clock)
    for _ in range(20):
        with pytest.raises(UnknownKey):
            await source.key_for(signed(ED, kid="stranger"))
    assert issuer.asked == 1


async def test_a_key_that_the_issuer_withdraws_is_forgotten() -> None:
    issuer, clock = Issuer(ED, EC), Ticking()
    source = KeySource("https://issuer/jwks", read=issuer.read, now=clock)
    await source.key_for(signed(EC, "ES256"))
    issuer.document = jwks(ED)
    clock.now += FRESH_FOR + 1
    with pytest.raises(UnknownKey):
        await source.key_for(signed(EC, "ES256"))


async def test_a_remembered_token_ends_with_its_key(tmp_path: Path) -> None:
    keys, clock = tmp_path / "jwks.json", Ticking()
    keys.write_bytes(jwks(ED, EC))
    judge = Authenticator(ISSUER, AUDIENCE, keys.as_uri())
    judge._keys = KeySource(keys.as_uri(), now=clock)
    good, other = signed(EC, "ES256"), signed(ED)
    assert await judge.verify(good) == await judge.verify(other) == LEA_COORDINATOR
    keys.write_bytes(jwks(ED))
    clock.now += FRESH_FOR - 1
    await judge.verify(good)
    clock.now += 2
    with pytest.raises(InvalidToken):
        await judge.verify(good)
    assert await judge.verify(other) == LEA_COORDINATOR


async def test_a_poll_behind_a_callers_back_forgets_keys_too() -> None:
    issuer, clock = Issuer(ED, EC), Ticking()
    source = KeySource("https://issuer/jwks", read=issuer.read, now=clock)
    await source.key_for(signed(EC, "ES256"))
    issuer.document = jwks(ED)
    clock.now += AGAIN_AFTER + 1
    await source.keep_fresh()
    assert issuer.asked == 1, "nobody waits for it"
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert issuer.asked == 2
    with pytest.raises(UnknownKey):
        await source.key_for(signed(EC, "ES256"))


async def test_nobody_waits_for_an_issuer_that_was_away_the_last_time() -> None:
    issuer, clock = Issuer(ED), Ticking()
    source = KeySource("https://issuer/jwks", read=issuer.read, now=clock)
    await source.key_for(signed(ED))
    issuer.document = b""
    clock.now += FRESH_FOR + 1
    await source.keep_fresh()
    issuer.silent = asyncio.Event()
    clock.now += AGAIN_AFTER
    async with asyncio.timeout(1):
        assert (await source.key_for(signed(ED))).kid == "ed"
    issuer.silent.set()


async def test_all_keys_withdrawn_leave_nobody_believed() -> None:
    issuer, clock = Issuer(ED), Ticking()
    source = KeySource("https://issuer/jwks", read=issuer.read, now=clock)
    await source.key_for(signed(ED))
    issuer.document = jwks()
    clock.now += FRESH_FOR + 1
    with pytest.raises(KeysUnavailable):
        await source.key_for(signed(ED))


async def test_the_issuers_document_says_where_its_keys_are() -> None:
    issuer = Discovering("https://login.example.org/tenant/v2.0", "https://keys.example.org/jwks")
    source = KeySource(issuer.name, discover=True, read=issuer.read, now=Ticking())
    assert (await source.key_for(signed(ED))).kid == "ed"
    assert issuer.asked_for == [f"{issuer.name}/.well-known/openid-configuration", issuer.address]


@pytest.mark.parametrize(
    ("says", "address"),
    [
        ("https://somebody.else", "https://keys.example.org/jwks"),
        ("https://login.example.org/", "https://keys.example.org/jwks"),
        (None, "https://keys.example.org/jwks"),
        ("https://login.example.org", "http://keys.example.org/jwks"),
        ("https://login.example.org", "file:///etc/keys"),
        ("https://login.example.org", None),
        ("https://login.example.org", 5),
    ],
)
async def test_a_document_of_another_issuer_or_an_unsafe_address_gives_no_keys(
    says: object, address: object
) -> None:
    issuer = Discovering("https://login.example.org", "https://keys.example.org/jwks", says, address)
    source = KeySource(issuer.name, discover=True, read=issuer.read, now=Ticking())
    with pytest.raises(KeysUnavailable):
        await source.key_for(signed(ED))
    assert "AUTH_ISSUER" in (await source.usable() or "")
    assert len(issuer.asked_for) == 1


@pytest.mark.parametrize(
    "key",
    [
        pytest.param({"n": "w" * 171}, id="short"),
        pytest.param({"use": "enc"}, id="for-encryption"),
        pytest.param({"alg": "RS512"}, id="another-algorithm"),
        pytest.param({"key_ops": ["encrypt"]}, id="another-operation"),
    ],
)
async def test_a_key_that_is_not_for_checking_this_is_not_used(key: dict[str, object]) -> None:
    usual = {name: RSA.as_dict(private=False)[name] for name in ("kty", "n", "e")}
    issuer = Issuer()
    issuer.document = json.dumps(
        {"keys": [{**usual, "kid": "ed", **key}, EC.as_dict(private=False)]}
    ).encode()
    source = KeySource("https://issuer/jwks", read=issuer.read, now=Ticking())
    with pytest.raises(UnknownKey):
        await source.key_for(forged({"alg": "RS256", "kid": "ed"}, lambda _: bytes(8)))


async def test_known_keys_serve_on_while_the_issuer_is_away() -> None:
    issuer, clock = Issuer(ED), Ticking()
    source = KeySource("https://issuer/jwks", read=issuer.read, now=clock)
    await source.key_for(signed(ED))
    issuer.document = b""
    clock.now += AGAIN_AFTER
    with pytest.raises(UnknownKey):
        await source.key_for(signed(ED, kid="stranger"))
    assert (await source.key_for(signed(ED))).kid == "ed"


@pytest.mark.parametrize(
    "document", [b"", b"<html>", b"[]", b"{}", b'{"keys": []}', b'{"keys": [{"kty": "x"}]}']
)
async def test_what_is_no_key_set_leaves_us_without_keys(document: bytes) -> None:
    issuer = Issuer(ED)
    issuer.document = document
    source = KeySource("https://issuer/jwks", read=issuer.read, now=Ticking())
    with pytest.raises(KeysUnavailable):
        await source.key_for(signed(ED))
    assert await source.usable() is not None


async def test_keys_that_come_late_are_found_soon() -> None:
    issuer, clock = Issuer(ED), Ticking()
    good, issuer.document = issuer.document, b""
    source = KeySource("https://issuer/jwks", read=issuer.read, now=clock)
    assert await source.usable() is not None
    issuer.document = good
    clock.now += 1.0
    assert await source.usable() is None


async def test_keys_of_unknown_kinds_are_passed_over() -> None:
    issuer = Issuer(ED)
    issuer.document = json.dumps({"keys": [{"kty": "AKP", "kid": "pq"}, ED.as_dict()]}).encode()
    source = KeySource("https://issuer/jwks", read=issuer.read, now=Ticking())
    assert (await source.key_for(signed(ED))).kid == "ed"


@pytest.mark.parametrize(
    "other",
    [
        {"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA"},
        {"kty": "OKP", "crv": "Ed999", "x": "AA"},
        {"kty": "RSA"},
        {"kty": ["EC"]},
        7,
    ],
)
async def test_a_key_that_cannot_be_read_spoils_no_other(other: object) -> None:
    issuer = Issuer(ED)
    issuer.document = json.dumps({"keys": [other, ED.as_dict()]}).encode()
    source = KeySource("https://issuer/jwks", read=issuer.read, now=Ticking())
    assert (await source.key_for(signed(ED))).kid == "ed"
