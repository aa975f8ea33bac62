"""Bearer tokens for a machine that is its own issuer; anywhere else an OIDC provider makes them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from deploy.console.folders import StateFolder
from deploy.console.keys.secret_files import write_private
from shared.http.signing_key import SANDBOX_AUDIENCE, SANDBOX_ISSUER, SigningKey
from shared.kernel.actor import Actor, Role

ISSUER, AUDIENCE = SANDBOX_ISSUER, SANDBOX_AUDIENCE

LEA = "1964733"  # Los Angeles Unified's CDS prefix, as an example
SCHOOL = "19647331932045"


def _person(role: Role, name: str, email: str, lea: str | None = None, school: str | None = None) -> Actor:
    return Actor(sub=email, name=name, email=email, role=role, lea=lea, school=school)


PEOPLE = {
    person.role: person
    for person in (
        _person(Role.LEA_COORDINATOR, "Lea Coronado", "lea.coordinator@district.example", LEA),
        _person(Role.SITE_COORDINATOR, "Sam Ito", "site.coordinator@school.example", LEA, SCHOOL),
        _person(Role.TEST_ADMINISTRATOR, "Tomas Adler", "test.administrator@school.example", LEA, SCHOOL),
        _person(Role.TEST_EXAMINER, "Tess Nguyen", "test.examiner@school.example", LEA, SCHOOL),
        _person(Role.CALTAC_AGENT, "Cal Tachibana", "agent@caltac.example"),
        _person(Role.CDE_REVIEWER, "Cde Reyes", "reviewer@cde.example"),
        _person(Role.AUDITOR, "Audra Torres", "auditor@audit.example"),
        _person(Role.SYSTEM, "STAIRS", "system@stairs.example"),
    )
}


def person_of(role: Role, **changes: str | None) -> Actor:
    """The sandbox's person of this role, with what the caller wants otherwise; a school brings its LEA."""
    person = PEOPLE[role]
    school = changes.get("school") or person.school
    lea = changes.get("lea") or (school[:7] if changes.get("school") and school else person.lea)
    email = changes.get("email") or person.email
    name = changes.get("name") or person.name
    return replace(person, name=name, email=email, sub=email, lea=lea, school=school)


def make_token(state: StateFolder, person: Actor, hours: float) -> str:
    """A signed token of this machine's own issuer."""
    return SigningKey.in_folder(state.keys).sign(
        person, issuer=ISSUER, audience=AUDIENCE, seconds=hours * 3600
    )


def renew_tokens(state: StateFolder, hours: float, *, now: Callable[[], float] = time.time) -> None:
    """Write them anew at half of their life; who follows a feed reads the file at each request."""
    try:
        written = (state.tokens / f"{Role.SYSTEM.value}.jwt").stat().st_mtime
    except FileNotFoundError:
        written = 0.0
    if now() - written > hours * 3600 / 2:
        write_tokens(state, hours)


def write_tokens(state: StateFolder, hours: float) -> dict[str, str]:
    """A file ``ROLE.jwt`` per role under ``run/tokens``; gives the tokens by role."""
    tokens = {role.value: make_token(state, person, hours) for role, person in PEOPLE.items()}
    for role, token in tokens.items():
        write_private(state.tokens / f"{role}.jwt", token)
    return tokens
