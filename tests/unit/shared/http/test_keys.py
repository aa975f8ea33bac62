from __future__ import annotations

import json
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from shared.http.auth import Authenticator
from shared.http.signing_key import JWKS, SIGNING_KEY, SigningKey
from tests.support.http.tokens import AUDIENCE, CDE_REVIEWER, ISSUER


async def test_a_key_made_at_first_start_signs_what_the_services_believe(tmp_path: Path) -> None:
    signed = SigningKey.in_folder(tmp_path / "keys").sign(CDE_REVIEWER, issuer=ISSUER, audience=AUDIENCE)
    again = SigningKey.in_folder(tmp_path / "keys")
    assert await Authenticator(ISSUER, AUDIENCE, again.jwks_url).verify(signed) == CDE_REVIEWER


def test_the_private_half_is_its_owners_only(tmp_path: Path) -> None:
    SigningKey.in_folder(tmp_path)
    assert stat.S_IMODE((tmp_path / SIGNING_KEY).stat().st_mode) == 0o600
    published = json.loads((tmp_path / JWKS).read_text())["keys"][0]
    assert published.keys() == {"kty", "crv", "x", "kid", "use", "alg"}


def test_many_first_starts_at_once_make_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: SigningKey.in_folder(tmp_path), range(16)))
    assert len({key.key_id for key in keys}) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == [JWKS, SIGNING_KEY]
