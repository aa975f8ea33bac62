"""Infrastructure is asked for once: environment → containers → local → skip with a printed reason.

``STAIRS_INFRA=env|containers|local`` forces one way;
``STAIRS_REQUIRE=kafka,postgres`` turns a skip into a failure.
"""

from __future__ import annotations

import contextlib
import gc
import os
import warnings
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


def docker_reason() -> str | None:
    """Why there is no Docker engine here, or None when one answers."""
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", ResourceWarning
        )  # docker never closes the socket that did not connect
        reason = _ask_docker()
        gc.collect()
    return reason


def _ask_docker() -> str | None:
    import docker

    try:
        with contextlib.closing(docker.from_env(timeout=3)) as client:
            client.ping()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the reason that is printed
        return f"docker: {type(error).__name__}"
    return None
