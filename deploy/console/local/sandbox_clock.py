"""The sandbox's movable clock: one file that says by how many seconds the services' clock is ahead."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from deploy.console.errors import CommandError
from deploy.console.folders import StateFolder
from deploy.console.keys.secret_files import write_private

_UNITS = {"d": 86400, "h": 3600, "m": 60, "s": 1}
_PART = re.compile(r"(\d+)([dhms])")


def seconds_of(words: str) -> int:
    """How many seconds ``+2d4h``, ``-90m`` or ``30s`` are.

    :raises CommandError: not a time span.
    """
    sign, span = (-1, words[1:]) if words.startswith("-") else (1, words.removeprefix("+"))
    if not span or _PART.sub("", span):
        raise CommandError(f"{words!r} is not a time span: say +2d, -90m, 1d12h or reset")
    return sign * sum(int(count) * _UNITS[unit] for count, unit in _PART.findall(span))


def offset(state: StateFolder) -> int:
    """By how many seconds the clock is ahead."""
    return int(state.clock.read_text()) if state.clock.exists() else 0


def move(state: StateFolder, words: str) -> datetime:
    """Move the clock by a span, or ``reset`` it; gives the instant that it shows now."""
    ahead = 0 if words == "reset" else offset(state) + seconds_of(words)
    write_private(state.clock, str(ahead))
    return shown(state)


def shown(state: StateFolder) -> datetime:
    """What the services' clock shows."""
    return datetime.now(UTC) + timedelta(seconds=offset(state))
