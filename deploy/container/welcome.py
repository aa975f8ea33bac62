"""``stairs welcome``: the last line of a start. Where everything is, and how to come by a token.

Runs once all six processes are healthy; the addresses are those that the machine's own people use. A log is
kept and collected: no token is in it, and no container has the key that signs them.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from shared.http.signing_key import HOURS

PLACES = ("incidents", "appeals", "notifications", "mailpit")


def lines(environment: Mapping[str, str]) -> list[str]:
    """What is said."""
    said = ["STAIRS is up."]
    for name in PLACES:
        url = environment.get(f"{name.upper()}_URL")
        if url:
            said.append(f"{name:<14} {url}" + ("" if name == "mailpit" else f"  {url}/docs"))
    said.append(f"{'tokens':<14} var/run/tokens/ROLE.jwt, valid {HOURS:.0f} hours; new ones: make secrets")
    return said


if __name__ == "__main__":
    print("\n".join(lines(os.environ)))
