"""A broker that crashed is told from one that somebody stopped, and from one that was launched just now."""

from __future__ import annotations

import os
import time
from pathlib import Path

from deploy.kafka.broker import AGAIN, Broker

NOBODY = 2**22 + 1  # larger than any process id of Linux


def a_dead_broker(state: Path, *, launched: float) -> Broker:
    mark = state / "broker.pid"
    mark.write_text(str(NOBODY))
    at = time.time() - launched
    os.utime(mark, (at, at))
    return Broker(state)


def test_one_that_left_its_process_id_crashed(tmp_path: Path) -> None:
    assert a_dead_broker(tmp_path, launched=2 * AGAIN).crashed()


def test_one_that_somebody_stopped_did_not(tmp_path: Path) -> None:
    broker = a_dead_broker(tmp_path, launched=2 * AGAIN)
    (tmp_path / "broker.stopped").touch()
    assert not broker.crashed()


def test_one_that_was_launched_just_now_is_given_time(tmp_path: Path) -> None:
    assert not a_dead_broker(tmp_path, launched=0).crashed()


def test_one_that_never_ran_did_not(tmp_path: Path) -> None:
    assert not Broker(tmp_path).crashed()


def test_clients_are_told_the_address_that_stands_in_between(tmp_path: Path) -> None:
    assert Broker(tmp_path, 19092).advertised == "127.0.0.1:19092"
    assert Broker(tmp_path, 19092, advertised="tunnel:9").advertised == "tunnel:9"
