"""Long work lets others have their turn."""

from __future__ import annotations

import asyncio

from shared.kernel.yielding import piecewise


async def test_others_have_their_turn_after_every_few_items() -> None:
    others_turn = asyncio.Event()
    asyncio.get_running_loop().call_soon(others_turn.set)
    had = {item: others_turn.is_set() async for item in piecewise(range(6), piece=3)}
    assert had == {0: False, 1: False, 2: False, 3: True, 4: True, 5: True}


async def test_nothing_is_left_out() -> None:
    assert [item async for item in piecewise(range(100))] == list(range(100))
