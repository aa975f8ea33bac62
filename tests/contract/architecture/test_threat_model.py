"""docs/threat-model.md: every kind of STRIDE, thirty threats and more, none without a test that exists."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tests.support.contracts.named_tests import NAMED, every_test

PAGE = (Path(__file__).parents[3] / "docs/threat-model.md").read_text("utf-8")
ROWS = re.findall(r"^\| ([STRIDE])-(\d\d) \| (.+?) \| (.+?) \| (.*?) \|$", PAGE, re.MULTILINE)
HEADS = re.findall(r"^## (Spoofing|Tampering|Repudiation|Information|Denial|Elevation)\b", PAGE, re.MULTILINE)


def test_there_are_threats_of_every_kind() -> None:
    assert [head[0] for head in HEADS] == list("STRIDE")
    counted = Counter(kind for kind, *_ in ROWS)
    assert set(counted) == set("STRIDE")
    assert min(counted.values()) >= 5
    assert counted.total() >= 30


def test_every_row_of_a_threat_is_read() -> None:
    heads = PAGE.count("| id | threat | answer | held by |")
    section = PAGE[PAGE.index("## Spoofing") : PAGE.index("## What is left")]
    assert len(ROWS) == section.count("\n| ") - heads
    for kind in "STRIDE":
        numbers = [int(number) for letter, number, *_ in ROWS if letter == kind]
        assert numbers == list(range(1, len(numbers) + 1))


def test_no_threat_is_without_an_answer_and_a_test() -> None:
    assert [f"{kind}-{number}" for kind, number, _, answer, held in ROWS if not NAMED.search(held)] == []
    assert all(answer.strip() for _, _, _, answer, _ in ROWS)


def test_every_test_that_is_named_exists() -> None:
    named = re.findall(r"`(tests/[^`]+::[^`]+)`", PAGE)
    assert len(named) >= len(ROWS)
    assert [each for each in named if each not in every_test()] == []
