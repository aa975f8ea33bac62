"""Whether this process can do its work now, and if not, why."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

Check = Callable[[], Awaitable[str | None]]
"""Answers ``None``, or in a few words why not (no address, no secret)."""

PATIENCE = 2.0  # seconds for one check


class Readiness:
    """Named checks, all asked at once; a check may be added once its subject is built."""

    def __init__(self, **checks: Check) -> None:
        self._checks: dict[str, Check] = dict(checks)

    def require(self, name: str, check: Check) -> None:
        """From now on this has to be fine too."""
        self._checks[name] = check

    async def reasons(self) -> dict[str, str]:
        """What is not fine, by name; empty means ready."""
        names = list(self._checks)
        found = await asyncio.gather(*(_ask(self._checks[name]) for name in names))
        return {name: reason for name, reason in zip(names, found, strict=True) if reason is not None}


async def _ask(check: Check) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE):
            return await check()
    except TimeoutError:
        return f"no answer within {PATIENCE:g} s"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the reason; its words may hold an address
        return type(error).__name__
