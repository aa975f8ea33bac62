from __future__ import annotations

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
from joserfc.jwk import Key, OctKey, OKPKey

from shared.http import auth
from shared.http.auth import Authenticator, TokenExpired, require
from shared.http.claims import InvalidToken
from shared.kernel.actor import Role
from shared.kernel.errors import Forbidden
from tests.support.http.issuer import (
    EC,
    ED,
    ENCRYPTION,
    RSA,
    Ticking,
    forged,
    jwks,
    nested,
    signed,
    spelled,
)
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


@pytest.fixture
def believing(tmp_path: Path) -> Authenticator:
    (tmp_path / "jwks.json").write_bytes(
        jwks(ED, EC, RSA, OKPKey.import_key({**ENCRYPTION.as_dict(), "use": "enc"}))
    )
    return Authenticator(ISSUER, AUDIENCE, (tmp_path / "jwks.json").as_uri())


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
        {"sub": "a" * 256},
        {"name": "n" * 201},
        {"name": "Lena\x1b[2J"},
        {"name": "Lena\r\nBcc: x"},
        {"name": "\u202eanel"},
        {"email": "e" * 255},
        {"lea": "1" * 60_000},
        {"typ": "ID"},
        {"typ": "Refresh"},
        {"typ": 5},
        {"at_hash": "x"},
        {"events": {}},
        {"cnf": {"jkt": "x"}},
        {"iat": time.time() + 40_000, "exp": time.time() + 50_000},
        {"iat": "yesterday"},
        {"exp": time.time() + 200_000},
        {"iat": time.time() - 80_000, "exp": time.time() + 20_000},
        {"aud": [[AUDIENCE]]},
        {"aud": {AUDIENCE: True}},
        {"roles": nested(17)},
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


@pytest.mark.parametrize(
    "typ", [None, "JWT", "jwt", "at+jwt", "AT+JWT", "application/at+jwt", "application/jwt"]
)
async def test_the_types_of_access_tokens_are_believed(believing: Authenticator, typ: str | None) -> None:
    header: dict[str, object] = {"alg": "Ed25519", "kid": "ed", **({"typ": typ} if typ else {})}
    assert await believing.verify(spelled(header)) == LEA_COORDINATOR


@pytest.mark.parametrize(
    "more",
    [
        {"typ": "JOSE"},
        {"typ": "dpop+jwt"},
        {"typ": "logout+jwt"},
        {"typ": "secevent+jwt"},
        {"typ": "text/jwt"},
        {"typ": ""},
        {"typ": None},
        {"typ": ["JWT"]},
        {"crit": []},
        {"crit": None},
        {"crit": ["exp"], "exp": 1},
        {"crit": ["b64"], "b64": True},
        {"b64": False},
        {"kid": ["ed"]},
        {"kid": {"ed": 1}},
        {"alg": ["Ed25519"]},
        {"alg": None},
        {"jwk": {"kty": "oct"}, "alg": "HS256"},
        {"x5c": ["A" * 5_000]},
        {"deep": nested(17)},
    ],
    ids=str,
)
async def test_another_type_or_an_extension_is_refused_though_the_issuer_signed(
    believing: Authenticator, more: dict[str, object]
) -> None:
    with pytest.raises(InvalidToken):
        await believing.verify(spelled({"alg": "Ed25519", "kid": "ed", **more}))


async def test_parameters_that_nobody_knows_are_passed_over(believing: Authenticator) -> None:
    more = {"nonce": "entra", "x5t": "a" * 27, "x5c": ["A" * 1_500], "deep": {"er": [1]}}
    assert await believing.verify(spelled({"alg": "Ed25519", "kid": "ed", **more})) == LEA_COORDINATOR


@pytest.mark.parametrize(
    "payload",
    [
        "[" * 100_000,
        '{"a":' * 900 + "1" + "}" * 900,
        '{"a":' * 20 + "1" + "}" * 20,
        '{"exp": 1e999}',
        f'{{"exp": {"9" * 5_000}}}',
        '{"exp": NaN}',
        '{"sub": "\\ud800"}',
        "[]",
        "null",
        "",
        "\ufeff{}",
        '{"name": "' + "n" * 20_000 + '"}',
    ],
    ids=lambda payload: payload[:12],
)
async def test_claims_that_are_no_small_object_are_refused_though_the_issuer_signed(
    believing: Authenticator, payload: str
) -> None:
    with pytest.raises(InvalidToken):
        await believing.verify(spelled(payload=payload))


@pytest.mark.parametrize(
    "header", ["[" * 2_000, '{"a":' * 500 + "1" + "}" * 500, '{"alg": NaN}', '"Ed25519"']
)
async def test_headers_that_are_no_small_object_are_refused(believing: Authenticator, header: str) -> None:
    with pytest.raises(InvalidToken):
        await believing.verify(spelled(header))


@pytest.mark.parametrize("junk", ["=", "\n", "!", " ", "é", "\ud800"])
async def test_a_signature_is_written_in_one_way(believing: Authenticator, junk: str) -> None:
    with pytest.raises(InvalidToken):
        await believing.verify(signed() + junk)


@pytest.mark.parametrize("number", ["1234567890", "12345 67890", "12345-67890", "１２３４５６７８９０"])
async def test_what_looks_like_an_ssid_in_a_name_is_never_stored(
    believing: Authenticator, number: str
) -> None:
    actor = await believing.verify(signed(name=f"Lena {number}"))
    assert actor.name == "Lena [number removed]"


async def test_an_address_that_looks_like_an_ssid_is_none(believing: Authenticator) -> None:
    actor = await believing.verify(signed(email="1234567890@school.example"))
    assert (actor.email, actor.sub) == ("", "lea-1")


async def test_an_audience_among_those_that_are_accepted_is_enough(tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_bytes(jwks(ED))
    judge = Authenticator(ISSUER, ["a", "b"], (tmp_path / "jwks.json").as_uri())
    assert await judge.verify(signed(aud=["x", "b"])) == await judge.verify(signed(aud="a"))
    with pytest.raises(InvalidToken):
        await judge.verify(signed(aud="ab"))


async def test_the_longest_life_is_a_setting(tmp_path: Path) -> None:
    (tmp_path / "jwks.json").write_bytes(jwks(ED))
    judge = Authenticator(ISSUER, AUDIENCE, (tmp_path / "jwks.json").as_uri(), longest_life=300)
    now = int(time.time())
    assert await judge.verify(signed(iat=now, exp=now + 300))
    for issued, until in ((now, now + 301), (now - 200, now + 200), (None, now + 400)):
        with pytest.raises(InvalidToken):
            await judge.verify(signed(iat=issued, exp=until))


async def test_two_authorizations_are_refused(anonymous: httpx.AsyncClient) -> None:
    headers = [("Authorization", f"Bearer {token(each)}") for each in (LEA_COORDINATOR, CDE_REVIEWER)]
    expect_problem(await anonymous.get("/v1/notices", headers=headers), 401, "invalid_token")


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
