"""Waiting for something to become so, without sleeping for a guess."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(check: Callable[[], Awaitable[T]], *, within: float = 30.0, every: float = 0.02) -> T:
    """Ask again until the answer is true (or the assertion in it holds); the last failure when time is up.

    :param every: seconds between two questions, where asking costs something.
    """
    deadline = time.monotonic() + within
    while True:
        late = time.monotonic() > deadline
        try:
            answer = await check()
        except AssertionError:
            if late:
                raise
        else:
            if answer:
                return answer
            if late:
                raise AssertionError(f"still {answer!r} after {within:g} s")
        await asyncio.sleep(every)
