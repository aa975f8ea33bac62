from __future__ import annotations

import json

from tests.load.abuses.honest import Seen
from tests.load.abuses.kinds import AGAIN, TEN, Aim, Said
from tests.load.abuses.table import Block, Rest, Row

IN_THE_ISSUE = """4 connections of 800 kB JSON; multipart of 1,000 fields; 1,000 bad tokens a second; \
200 unfinished bodies; heads of 24 MB; 400 silent connections; lists of 200; reads of 500 students; \
drafts of 18 kB; 20,000-row files"""

AIM = Aim("head.claims." + "s" * 86, listed="a-draft", unlisted="another")
REST = Rest(Seen([0.010] * 100), memory=100.0)


def row(*, ms: float = 10, memory: float = 100, failed: int = 0) -> Row:
    return Row("an abuse", {"401": 80}, 4, 8.0, Seen([ms / 1e3] * 100, failed), memory)


def test_the_ten_are_those_of_the_issue() -> None:
    assert [abuse.name for abuse in TEN] == IN_THE_ISSUE.split("; ")
    assert [abuse.token for abuse in TEN] == [False] * 6 + [True] * 4


def test_what_may_differ_with_a_token_is_measured_with_one_too() -> None:
    assert {abuse.name for abuse in AGAIN} <= {abuse.name for abuse in TEN if not abuse.token}
    assert all(abuse.token for abuse in AGAIN)


def test_each_is_as_large_as_it_is_called() -> None:
    json_800, form, bad, unfinished, heads, silent, _lists, _reads, draft, file = (
        abuse.say(AIM) for abuse in TEN
    )
    assert (json_800.connections, len(json_800.content) // 1000) == (4, 800)
    assert form.content.count(b"Content-Disposition: form-data") == 1_000
    assert bad.a_second == 1_000
    assert (unfinished.connections, unfinished.holds) == (200, True)
    assert 24_000_000 < len(heads.content) * heads.pieces < 25_000_000
    assert (silent.connections, silent.content) == (400, b"")
    assert 18_000 < len(draft.content) < 20_000
    assert len(file.content) > 100_000


def test_an_attacker_is_told_by_json_what_to_send() -> None:
    for abuse in (*TEN, *AGAIN):
        said = abuse.say(AIM)
        assert Said.of_json(json.loads(json.dumps(said.as_json()))) == said


def test_a_row_says_which_goal_it_misses() -> None:
    assert row().misses(REST) == []
    assert row(ms=51).misses(REST) == ["p99"]
    assert row(memory=131).misses(REST) == ["memory"]
    assert row(failed=2).misses(REST) == ["2 failed"]
    assert row().got() == "10/s 401"


def test_only_a_judged_block_can_miss() -> None:
    rows = [row(), row(ms=51)]
    assert Block("shipped", REST, rows, judged=True).missed()
    assert not Block("raised", REST, rows, judged=False).missed()
    assert not Block("shipped", REST, rows[:1], judged=True).missed()
