"""``stairs welcome``: the last line of a start. Where everything is, and a token for each role.

Runs once all six processes are healthy; the addresses are those that the machine's own people use.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from deploy.console.keys.tokens import AUDIENCE, ISSUER, PEOPLE
from shared.http.signing_key import SigningKey

SECRETS = Path("/run/secrets")
DAYS = 30
PLACES = ("incidents", "appeals", "notifications", "mailpit")


def lines(environment: Mapping[str, str], key: SigningKey) -> list[str]:
    """What is said."""
    said = ["STAIRS is up."]
    for name in PLACES:
        url = environment.get(f"{name.upper()}_URL")
        if url:
            said.append(f"{name:<14} {url}" + ("" if name == "mailpit" else f"  {url}/docs"))
    said.append(f"tokens, valid {DAYS} days:")
    for role, person in PEOPLE.items():
        said.append(role.value)
        said.append(key.sign(person, issuer=ISSUER, audience=AUDIENCE, seconds=DAYS * 86_400))
    return said


if __name__ == "__main__":
    print("\n".join(lines(os.environ, SigningKey.in_folder(SECRETS))))
