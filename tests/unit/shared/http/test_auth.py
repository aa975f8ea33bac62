from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

from shared.http import auth
from shared.http.auth import Authenticator, InvalidToken, TokenExpired, require
from shared.http.jwks import AGAIN_AFTER, FRESH_FOR, KeySource, KeysUnavailable, UnknownKey
from shared.kernel.actor import Role
from shared.kernel.errors import Forbidden
from tests.support.http.problems import expect_problem
from tests.support.http.sample_app import Desk, client, sample_app
from tests.support.http.tokens import (
    AUDIENCE,
    CDE_REVIEWER,
    EVERYBODY,
    ISSUER,
    LEA_COORDINATOR,
    SITE_COORDINATOR,
    authenticator,
    bearer,
    signing_key,
    token,
)

ED = OKPKey.generate_key("Ed25519", {"kid": "ed", "use": "sig"})
EC = ECKey.generate_key("P-256", {"kid": "ec", "use": "sig"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
ENCRYPTION = OKPKey.generate_key("Ed25519", {"kid": "enc"})  # published for encryption


def jwks(*keys: Key) -> bytes:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]}).encode()


@pytest.fixture
def believing(tmp_path: Path) -> Authenticator:
    (tmp_path / "jwks.json").write_bytes(
        jwks(ED, EC, RSA, OKPKey.import_key({**ENCRYPTION.as_dict(), "use": "enc"}))
    )
    return Authenticator(ISSUER, AUDIENCE, (tmp_path / "jwks.json").as_uri())


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


def forged(header: dict[str, object], sign: Callable[[bytes], bytes]) -> str:
    def part(content: bytes) -> bytes:
        return base64.urlsafe_b64encode(content).rstrip(b"=")

    signing_input = part(json.dumps(header).encode()) + b"." + part(json.dumps(claims()).encode())
    return (signing_input + b"." + part(sign(signing_input))).decode()


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize(("key", "alg"), [(ED, "Ed25519"), (ED, "EdDSA"), (EC, "ES256"), (RSA, "RS256")])
async def test_signatures_of_the_accepted_kinds_are_believed(
    believing: Authenticator, key: Key, alg: str
) -> None:
    assert await believing.verify(signed(key, alg)) == LEA_COORDINATOR


async def test_every_role_comes_through_as_it_is() -> None:
    judge = authenticator()
    assert [await judge.verify(token(actor)) for actor in EVERYBODY] == list(EVERYBODY)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://somebody.else"},
        {"iss": None},
        {"aud": "another-service"},
        {"aud": ["a", "b"]},
        {"aud": None},
        {"exp": None},
        {"exp": "tomorrow"},
        {"exp": True},
        {"exp": float("inf")},
        {"nbf": time.time() + 3600},
        {"sub": None},
        {"sub": ""},
        {"sub": 7},
        {"sub": "a\0b"},
        {"name": ["Lena"]},
        {"role": None},
        {"role": "superuser"},
        {"role": ["lea_coordinator"]},
        {"lea": None},
        {"lea": "196473"},
        {"lea": 1964733},
        {"lea": "１９６４７３３"},
        {"role": "site_coordinator"},
        {"role": "site_coordinator", "school": "1964733"},
        {"role": "site_coordinator", "school": "37683386098765"},
        {"role": "test_examiner", "school": "19647336012345", "lea": None},
    ],
)
async def test_claims_that_do_not_say_who_calls_are_refused(
    believing: Authenticator, changes: dict[str, Any]
) -> None:
    with pytest.raises(InvalidToken):
        await believing.verify(signed(**changes))


async def test_one_audience_among_several_is_enough(believing: Authenticator) -> None:
    assert await believing.verify(signed(aud=["x", AUDIENCE])) == LEA_COORDINATOR


async def test_a_statewide_role_needs_no_place(believing: Authenticator) -> None:
    actor = await believing.verify(signed(role="auditor", lea=None))
    assert (actor.role, actor.lea) == (Role.AUDITOR, None)


def _hmac_with(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda content: hmac.new(secret, content, hashlib.sha256).digest()


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(forged({"alg": "none"}, lambda _: b""), id="none"),
        pytest.param(forged({"alg": "none", "kid": "ed"}, lambda _: b""), id="none-with-a-key"),
        pytest.param(
            forged({"alg": "HS256", "kid": "rsa"}, _hmac_with(RSA.as_pem(private=False))), id="hmac-with-pem"
        ),
        pytest.param(
            forged({"alg": "HS256", "kid": "ed"}, _hmac_with(jwks(ED))), id="hmac-with-the-published-keys"
        ),
        pytest.param(forged({"alg": "Ed25519", "kid": "ed"}, lambda _: b"\0" * 64), id="no-signature"),
        pytest.param(forged({"alg": "RS256", "kid": "ed"}, lambda _: b"\0" * 64), id="key-of-another-kind"),
        pytest.param(forged({"kid": "ed"}, lambda _: b"\0" * 64), id="no-algorithm"),
        pytest.param(forged({"alg": "Ed25519"}, lambda _: b"\0" * 64), id="no-key-named-of-several"),
        pytest.param(
            forged({"alg": "Ed25519", "kid": "ed", "crit": ["b64"], "b64": False}, lambda _: b"\0" * 64),
            id="critical-extension",
        ),
        pytest.param(
            forged({"alg": "Ed25519", "kid": "ed", "crit": 5}, lambda _: b"\0" * 64), id="critical-nonsense"
        ),
        pytest.param(signed(ENCRYPTION), id="key-for-another-use"),
        pytest.param(signed(OKPKey.generate_key("Ed25519", {"kid": "ed"})), id="same-name-other-key"),
        pytest.param(signed(ED, kid="stranger"), id="unknown-key"),
        pytest.param(signed()[:-6] + "AAAAAA", id="tampered"),
        pytest.param("", id="empty"),
        pytest.param("a.b.c", id="junk"),
        pytest.param("é.ü.ß", id="no-ascii"),
        pytest.param("e30.e30", id="two-parts"),
        pytest.param("W10.e30.AA", id="header-is-a-list"),
        pytest.param("." * 50_000, id="dots"),
    ],
)
async def test_what_is_not_signed_by_the_issuer_is_refused(believing: Authenticator, bad: str) -> None:
    with pytest.raises(InvalidToken):
        await believing.verify(bad)


async def test_a_shared_secret_in_the_key_set_is_never_used(tmp_path: Path) -> None:
    secret = OctKey.generate_key(256, {"kid": "oct"})
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": [secret.as_dict(private=True), ED.as_dict()]}))
    judge = Authenticator(ISSUER, AUDIENCE, (tmp_path / "jwks.json").as_uri())
    with pytest.raises(InvalidToken):
        await judge.verify(signed(secret, "HS256"))


async def test_a_token_ends_when_it_says_so_remembered_or_not() -> None:
    clock = Ticking(time.time())
    judge = Authenticator(ISSUER, AUDIENCE, signing_key().jwks_url, now=clock)
    good = token(LEA_COORDINATOR, 600)
    assert await judge.verify(good) == await judge.verify(good) == LEA_COORDINATOR
    clock.now += 600 + auth.LEEWAY + 1
    for _ in range(2):
        with pytest.raises(TokenExpired):
            await judge.verify(good)


async def test_clocks_may_differ_a_little() -> None:
    assert await authenticator().verify(token(LEA_COORDINATOR, seconds=-auth.LEEWAY + 10))
    with pytest.raises(TokenExpired):
        await authenticator().verify(token(LEA_COORDINATOR, seconds=-auth.LEEWAY - 1))


async def test_only_so_many_tokens_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auth, "REMEMBERED", 2)
    judge = authenticator()
    for number in range(4):
        await judge.verify(token(replace(LEA_COORDINATOR, sub=f"lea-{number}")))
    assert len(judge._verified) == 2


def test_require_lets_the_named_roles_pass() -> None:
    require(LEA_COORDINATOR, Role.LEA_COORDINATOR, Role.CALTAC_AGENT)
    with pytest.raises(Forbidden):
        require(CDE_REVIEWER, Role.LEA_COORDINATOR)


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "token"])
async def test_no_token_is_missing(anonymous: httpx.AsyncClient, header: str | None) -> None:
    answer = await anonymous.get("/v1/notices", headers={"Authorization": header} if header else {})
    expect_problem(answer, 401, "missing_token")
    assert answer.headers["www-authenticate"] == 'Bearer realm="stairs"'


async def test_a_bad_token_is_answered_with_what_is_wrong(anonymous: httpx.AsyncClient) -> None:
    for bad, code in (("nonsense", "invalid_token"), (token(SITE_COORDINATOR, -60), "token_expired")):
        answer = await anonymous.get("/v1/notices", headers={"Authorization": f"Bearer {bad}"})
        expect_problem(answer, 401, code)
        assert answer.headers["www-authenticate"] == 'Bearer realm="stairs", error="invalid_token"'
        assert bad not in answer.text


async def test_who_calls_is_asked_before_what_is_sent(anonymous: httpx.AsyncClient) -> None:
    expect_problem(await anonymous.post("/v1/notices", json={"no": "notice"}), 401, "missing_token")


async def test_without_the_issuers_keys_nobody_can_be_judged(tmp_path: Path) -> None:
    app = sample_app(Desk(), auth=Authenticator(ISSUER, AUDIENCE, (tmp_path / "none.json").as_uri()))
    async with client(app) as http:
        answer = await http.get("/v1/notices", headers=bearer(LEA_COORDINATOR))
    expect_problem(answer, 503, "keys_unavailable")
    assert answer.headers["retry-after"] == "5"


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

    async def read(self, _url: str) -> bytes:
        self.asked += 1
        if not self.document:
            raise httpx.ConnectError("nobody there")
        return self.document


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


async def test_a_token_is_verified_anew_from_time_to_time(believing: Authenticator, tmp_path: Path) -> None:
    clock, url = Ticking(time.time()), (tmp_path / "jwks.json").as_uri()
    judge = Authenticator(ISSUER, AUDIENCE, url, now=clock)
    good = signed(EC, "ES256", exp=clock.now + 3600)
    await judge.verify(good)
    (tmp_path / "jwks.json").write_bytes(jwks(ED))
    judge._keys = KeySource(url)
    assert await judge.verify(good) == LEA_COORDINATOR
    clock.now += auth.BELIEVED_FOR + 1
    with pytest.raises(InvalidToken):
        await judge.verify(good)


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
