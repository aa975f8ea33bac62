"""When the system is up: every API and every worker says ready, and every process runs."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from deploy.console.errors import CommandError
from deploy.container.health import answer

LOOK_EVERY = 0.1  # seconds


def wait_until_ready(
    urls: Mapping[str, str], *, within: float, look: Callable[[], None], running: Callable[[], bool]
) -> None:
    """Wait for every ``/readyz``; one that said yes is not asked again.

    :param within: seconds until it is too late.
    :param look: called between two tries; raises when waiting has become pointless.
    :param running: whether every process runs, those without a port included.
    :raises CommandError: not ready in time; says what each of them answers.
    """
    until = time.monotonic() + within
    waiting = dict(urls)
    while True:
        reasons = {name: reason for name, url in waiting.items() if (reason := why_not_ready(url))}
        waiting = {name: urls[name] for name in reasons}
        if not waiting and running():
            return
        look()
        if time.monotonic() > until:
            raise CommandError(f"not ready after {within:.0f} s ({_words(reasons)})")
        time.sleep(LOOK_EVERY)


def why_not_ready(url: str) -> str | None:
    """What the process at this loopback address says against serving now, if it does."""
    ready, words = answer(urlsplit(url).port or 80)
    return None if ready else words[:300]


def _words(reasons: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {reason}" for name, reason in reasons.items()) or "a process does not run"
