"""Long work in small pieces: everybody's requests are worked on by one processor, in turn.

async for row in piecewise(rows):
    ...
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

T = TypeVar("T")

PIECE = 32  # items; a millisecond or two of what is done here with each


async def piecewise(items: Iterable[T], piece: int = PIECE) -> AsyncIterator[T]:
    """The items, one after the other; after every few of them others have their turn."""
    for number, item in enumerate(items, start=1):
        yield item
        if number % piece == 0:
            await asyncio.sleep(0)
