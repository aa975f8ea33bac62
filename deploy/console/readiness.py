"""When the system is up: every API says ready, and every process runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import httpx

from deploy.console.trouble import Trouble


def wait_until_ready(
    urls: Mapping[str, str], *, within: float, look: Callable[[], None], running: Callable[[], bool]
) -> None:
    """Wait for every ``/readyz``.

    :param within: seconds until it is too late.
    :param look: called between two tries; raises when waiting has become pointless.
    :param running: whether the processes without a door (the workers) run.
    :raises Trouble: not ready in time; says what each service answers.
    """
    until = time.monotonic() + within
    while True:
        reasons = {name: reason for name, url in urls.items() if (reason := why_not_ready(url))}
        if not reasons and running():
            return
        look()
        if time.monotonic() > until:
            words = (
                "; ".join(f"{name}: {reason}" for name, reason in reasons.items()) or "a worker does not run"
            )
            raise Trouble(f"not ready after {within:.0f} s ({words})")
        time.sleep(0.1)


def why_not_ready(url: str) -> str | None:
    """What a service says against serving now, if it does."""
    try:
        answer = httpx.get(f"{url}/readyz", timeout=5)
    except httpx.HTTPError as error:
        return type(error).__name__
    return None if answer.is_success else f"{answer.status_code} {answer.text[:300]}"
