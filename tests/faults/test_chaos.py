"""A hundred times `kill -9` at random while cases are filed: nothing is lost, nothing comes twice."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

from tests.faults import verdict
from tests.faults.chaos import REPEATING, Aftermath, chaos, kinds
from tests.support.terminal import report

CYCLES = int(os.environ.get("STAIRS_CHAOS_CYCLES", "100"))  # both transports together
SEED = int(os.environ.get("STAIRS_CHAOS_SEED", "0")) or random.SystemRandom().randrange(1, 1_000_000)

pytestmark = pytest.mark.timeout(900 + 20 * CYCLES)


@pytest.fixture(scope="module", params=["feeds", "kafka"])
def aftermath(request: pytest.FixtureRequest) -> Iterator[Aftermath]:
    """The stream over, so many kills done, the last mail delivered."""
    report(request.config, f"chaos on {request.param}: STAIRS_CHAOS_SEED={SEED} repeats it")
    with chaos(request.param, CYCLES // 2, SEED, lambda *_: None) as after:
        report(request.config, after.summary)
        yield after


def test_each_process_was_killed_while_cases_were_filed(aftermath: Aftermath) -> None:
    assert len(aftermath.kills) == CYCLES // 2
    every_one = {name for names in kinds(aftermath.transport).values() for name in names}
    assert {kill.name for kill in aftermath.kills} == every_one or len(every_one) > len(aftermath.kills)
    assert len(aftermath.journal.acknowledged) > len(aftermath.kills)


def test_every_killed_process_came_back(aftermath: Aftermath) -> None:
    assert [kill for kill in aftermath.kills if kill.back_after is None] == []


def test_every_acknowledged_filing_is_there_once(aftermath: Aftermath) -> None:
    assert not verdict.lost_or_doubled(aftermath.wired.system, aftermath.journal)


def test_every_case_was_concluded(aftermath: Aftermath) -> None:
    assert not verdict.not_concluded(aftermath.wired.system)


def test_who_was_refused_was_told_when_to_come_back(aftermath: Aftermath) -> None:
    assert not aftermath.journal.unexplained


def test_every_confirmation_is_in_the_mailbox_once(aftermath: Aftermath) -> None:
    assert not verdict.not_confirmed_once(aftermath.wired, aftermath.journal)


def test_a_mail_is_repeated_once_a_crash_at_most_and_under_its_own_id(aftermath: Aftermath) -> None:
    crashes = sum(kill.name in REPEATING for kill in aftermath.kills)
    assert not verdict.said_twice(aftermath.wired, crashes)


def test_the_read_models_equal_rebuilt_ones(aftermath: Aftermath) -> None:
    assert not verdict.unlike_rebuilt(aftermath.wired.system)


def test_every_door_is_ready_as_before(aftermath: Aftermath) -> None:
    assert aftermath.wired.not_ready() == []
