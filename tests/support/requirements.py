"""Infrastructure is asked for once: environment → containers → local → skip with a printed reason.

``STAIRS_INFRA=env|containers|local`` forces one way;
``STAIRS_REQUIRE=kafka,postgres`` turns a skip into a failure.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def allowed(way: str) -> bool:
    """Whether this way of getting infrastructure may be tried."""
    forced = os.environ.get("STAIRS_INFRA", "")
    return forced in ("", way)


def unavailable(what: str, reasons: list[str]) -> NoReturn:
    """Skip with the reasons, or fail where ``STAIRS_REQUIRE`` names it."""
    sentence = f"no {what}: " + "; ".join(reasons)
    if what in os.environ.get("STAIRS_REQUIRE", "").split(","):
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)
