from __future__ import annotations

import pytest

from shared.kernel.errors import Conflict, Stale
from shared.kernel.store import ATTEMPTS, StreamMoved, repeated, until_first


class Contended:
    """A save that loses so many races before it is the first."""

    def __init__(self, lost: int) -> None:
        self.lost, self.attempts = lost, 0

    async def __call__(self) -> int:
        self.attempts += 1
        if self.attempts <= self.lost:
            raise StreamMoved(f"race {self.attempts}")
        return self.attempts


@pytest.mark.parametrize("lost", range(ATTEMPTS))
async def test_a_lost_race_is_run_anew(lost: int) -> None:
    assert await until_first(Contended(lost)) == lost + 1


async def test_who_loses_every_race_is_asked_to_come_back_in_a_second() -> None:
    save = Contended(ATTEMPTS)
    with pytest.raises(Conflict) as refused:
        await until_first(save)
    assert (refused.value.code, refused.value.retry_after) == ("conflict", 1)
    assert save.attempts == ATTEMPTS


async def test_a_caller_with_words_of_its_own_gets_the_last_lost_race() -> None:
    with pytest.raises(StreamMoved, match=f"race {ATTEMPTS}"):
        await repeated(Contended(ATTEMPTS))


async def test_a_refusal_is_final() -> None:
    attempts = 0

    async def refused() -> None:
        nonlocal attempts
        attempts += 1
        raise Stale("The present version is 2, not 1.")

    with pytest.raises(Stale):
        await until_first(refused)
    assert attempts == 1
