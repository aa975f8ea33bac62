"""The worked examples of the demo are data; what is relative in them is filled in when they are played."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.console.demo import STORIES, seconds_since_clone
from deploy.console.demo.player import business_days, invented
from deploy.console.demo.story import filled_in, stories
from deploy.console.errors import CommandError

NOON = datetime(2026, 11, 23, 20, 0, tzinfo=UTC)  # noon in California, a Monday


def test_the_six_examples_of_the_domain_are_there() -> None:
    names = [story.example for story in stories(STORIES, [])]
    assert names == ["E12", "E16", "E19", "E26", "E30", "E38"]


def test_some_can_be_chosen() -> None:
    assert [story.example for story in stories(STORIES, ["e30"])] == ["E30"]


def test_an_unknown_example_is_refused() -> None:
    with pytest.raises(CommandError, match="no example E99"):
        stories(STORIES, ["E99"])


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("now-3h", "2026-11-23T17:00:00Z"),
        ("now", "2026-11-23T20:00:00Z"),
        ("today-12d", "2026-11-11"),
        ("today", "2026-11-23"),
        ("ssid:first", "9000000001"),
        ("nowhere", "nowhere"),
    ],
)
def test_times_and_students_are_filled_in(said: str, meant: str) -> None:
    assert filled_in({"a": [said]}, NOON, {"first": "9000000001"}) == {"a": [meant]}


def test_invented_ssids_have_ten_digits_and_different_masks() -> None:
    ssids = invented(("first", "second", "third"))
    assert all(len(ssid) == 10 and ssid.isdigit() for ssid in ssids.values())
    assert len({ssid[-4:] for ssid in ssids.values()}) == 3


def test_weekends_are_not_business_days() -> None:
    assert business_days("2026-11-20T18:00:00Z", "2026-11-25T01:00:00Z") == 2  # Friday to Tuesday


def test_the_time_since_the_clone_is_gits_own_note(tmp_path: Path) -> None:
    (tmp_path / ".git" / "logs").mkdir(parents=True)
    line = f"{'0' * 40} {'1' * 40} A <a@b.example> {int(NOON.timestamp()) - 90} +0000\tclone: from x\n"
    (tmp_path / ".git" / "logs" / "HEAD").write_text(line)
    assert seconds_since_clone(tmp_path, NOON) == 90


def test_a_tree_that_is_no_fresh_clone_says_nothing(tmp_path: Path) -> None:
    assert seconds_since_clone(tmp_path, NOON) is None
