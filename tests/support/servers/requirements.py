"""Infrastructure is asked for once: environment → local → containers → skip with a printed reason (ADR 0021).

``STAIRS_INFRA=env|local|containers`` forces one way;
``STAIRS_REQUIRE=kafka,postgres,containers`` turns a skip into a failure.
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
    """Skip with the reasons, or fail where ``STAIRS_REQUIRE`` names it, or the way that is forced."""
    sentence = f"no {what}: " + "; ".join(reasons)
    required = os.environ.get("STAIRS_REQUIRE", "").split(",")
    if what in required or (os.environ.get("STAIRS_INFRA") or what) in required:
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)
