"""Ready tokens for every role of the contract, signed by a key that lasts as long as the test run.

async with client(app) as http:
    await http.get("/v1/incidents", headers=bearer(LEA_COORDINATOR))
"""

from __future__ import annotations

import base64
import secrets
import tempfile
from functools import cache
from pathlib import Path

from shared.http.api_secret import ApiSecret
from shared.http.auth import Authenticator
from shared.http.signing_key import SigningKey
from shared.kernel.actor import Actor, Role

ISSUER, AUDIENCE = "https://stairs.test", "stairs-test"

LEA, SCHOOL, NEIGHBOUR_SCHOOL = "1964733", "19647336012345", "19647336054321"
OTHER_LEA, OTHER_SCHOOL = "3768338", "37683386098765"


def _actor(sub: str, name: str, role: Role, lea: str | None = None, school: str | None = None) -> Actor:
    return Actor(sub=sub, name=name, email=f"{sub}@example.org", role=role, lea=lea, school=school)


LEA_COORDINATOR = _actor("lea-1", "Lena Ortiz", Role.LEA_COORDINATOR, LEA)
SITE_COORDINATOR = _actor("site-1", "Sam Okafor", Role.SITE_COORDINATOR, LEA, SCHOOL)
NEIGHBOUR_SITE_COORDINATOR = _actor("site-2", "Nell Weiss", Role.SITE_COORDINATOR, LEA, NEIGHBOUR_SCHOOL)
TEST_ADMINISTRATOR = _actor("ta-1", "Tara Lund", Role.TEST_ADMINISTRATOR, LEA, SCHOOL)
TEST_EXAMINER = _actor("te-1", "Theo Park", Role.TEST_EXAMINER, LEA, SCHOOL)
OTHER_LEA_COORDINATOR = _actor("lea-2", "Olga Reyes", Role.LEA_COORDINATOR, OTHER_LEA)
OTHER_SITE_COORDINATOR = _actor("site-3", "Omar Diaz", Role.SITE_COORDINATOR, OTHER_LEA, OTHER_SCHOOL)
CALTAC_AGENT = _actor("caltac-1", "Cal Moreau", Role.CALTAC_AGENT)
CDE_REVIEWER = _actor("cde-1", "Dee Chandra", Role.CDE_REVIEWER)
AUDITOR = _actor("audit-1", "Ada Novak", Role.AUDITOR)
SYSTEM = _actor("system", "STAIRS", Role.SYSTEM)

SECRET = ApiSecret(b"the secret of an API in the tests")
"""For applications that a test makes anew, and whose cursors and kept answers hold all the same."""

EVERYBODY = (
    LEA_COORDINATOR,
    SITE_COORDINATOR,
    NEIGHBOUR_SITE_COORDINATOR,
    TEST_ADMINISTRATOR,
    TEST_EXAMINER,
    OTHER_LEA_COORDINATOR,
    OTHER_SITE_COORDINATOR,
    CALTAC_AGENT,
    CDE_REVIEWER,
    AUDITOR,
    SYSTEM,
)


@cache
def signing_key() -> SigningKey:
    """The run's key; its folder goes when the process does."""
    folder = tempfile.TemporaryDirectory(prefix="stairs-keys-")
    _folders.append(folder)
    return SigningKey.in_folder(Path(folder.name))


_folders: list[tempfile.TemporaryDirectory[str]] = []


@cache
def token(actor: Actor, seconds: float = 3600) -> str:
    """A bearer token for this actor."""
    return signing_key().sign(actor, issuer=ISSUER, audience=AUDIENCE, seconds=seconds)


def bearer(actor: Actor) -> dict[str, str]:
    """The header that makes a request this actor's."""
    return {"Authorization": f"Bearer {token(actor)}"}


def authenticator() -> Authenticator:
    """One that believes these tokens."""
    return Authenticator(ISSUER, AUDIENCE, signing_key().jwks_url)


@cache
def secret_file() -> str:
    """A file with a secret of an API; it lasts as long as the test run."""
    path = Path(signing_key().jwks_url.removeprefix("file://")).with_name("api.secret")
    path.write_text(base64.b64encode(secrets.token_bytes(32)).decode())
    return str(path)


def auth_environment() -> dict[str, str]:
    """The same as settings, for a process that is started."""
    return {
        "AUTH_ISSUER": ISSUER,
        "AUTH_AUDIENCE": AUDIENCE,
        "AUTH_JWKS_URL": signing_key().jwks_url,
    }
