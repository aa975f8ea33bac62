"""docs/asvs.yaml: every requirement of ASVS 5.0.0 at level 2, decided, by tests and files that exist."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.support.contracts.citations import places
from tests.support.contracts.named_tests import every_test

ROOT = Path(__file__).parents[3]
DOCUMENT = yaml.safe_load((ROOT / "docs/asvs.yaml").read_text("utf-8"))
REQUIREMENTS: dict[str, dict[str, Any]] = DOCUMENT["requirements"]

FIRST_LEVEL = """
    1.2: 1-5  1.3: 1-2  1.5: 1  2.1: 1  2.2: 1-2  2.3: 1  3.2: 1-2  3.3: 1  3.4: 1-2  3.5: 1-3  4.1: 1  4.4: 1
    5.2: 1-2  5.3: 1-2  6.1: 1  6.2: 1-8  6.3: 1-2  6.4: 1-2  7.2: 1-4  7.4: 1-2  8.1: 1  8.2: 1-2  8.3: 1
    9.1: 1-3  9.2: 1  10.4: 1-5  11.3: 1-2  11.4: 1  12.1: 1  12.2: 1-2  13.4: 1  14.2: 1  14.3: 1  15.1: 1
    15.2: 1  15.3: 1
"""
SECOND_LEVEL = """
    1.1: 1-2  1.2: 6-9  1.3: 3-11  1.4: 1-3  1.5: 2  2.1: 2-3  2.2: 3  2.3: 2-4  2.4: 1  3.3: 2-4  3.4: 3-6
    3.5: 4-5  3.7: 1-2  4.1: 2-3  4.2: 1  4.3: 1-2  4.4: 2-4  5.1: 1  5.2: 3  5.4: 1-3  6.1: 2-3  6.2: 9-12
    6.3: 3-4  6.4: 3-4  6.5: 1-5  6.6: 1-3  6.8: 1-4  7.1: 1-3  7.3: 1-2  7.4: 3-5  7.5: 1-2  7.6: 1-2  8.1: 2
    8.2: 3  8.4: 1  9.2: 2-4  10.1: 1-2  10.2: 1-2  10.3: 1-4  10.4: 6-11  10.5: 1-5  10.6: 1-2  10.7: 1-3
    11.1: 1-2  11.2: 1-3  11.3: 3  11.4: 2-4  11.5: 1  11.6: 1  12.1: 2-3  12.3: 1-4  13.1: 1  13.2: 1-5
    13.3: 1-2  13.4: 2-5  14.1: 1-2  14.2: 2-4  14.3: 2-3  15.1: 2-3  15.2: 2-3  15.3: 2-7  16.1: 1  16.2: 1-5
    16.3: 1-4  16.4: 1-3  16.5: 1-3  17.1: 1  17.2: 1-4  17.3: 1-2
"""
"""The requirements of the standard that are new at each level, by section; level 3 is not asked for here."""


def ids(of: str) -> Iterator[str]:
    for section, first, last in re.findall(r"(\d+\.\d+): (\d+)(?:-(\d+))?", of):
        yield from (f"V{section}.{number}" for number in range(int(first), int(last or first) + 1))


def test_every_requirement_of_the_standard_is_there_once() -> None:
    wanted = dict.fromkeys(ids(FIRST_LEVEL), 1) | dict.fromkeys(ids(SECOND_LEVEL), 2)
    assert {each: told["level"] for each, told in REQUIREMENTS.items()} == wanted
    # as the standard counts them
    assert (list(wanted.values()).count(1), list(wanted.values()).count(2)) == (70, 183)
    assert (DOCUMENT["level"], DOCUMENT["standard"].rpartition(" ")[2]) == (2, "5.0.0")


def test_every_requirement_is_decided() -> None:
    decisions = {"tests", "evidence", "does_not_apply", "not_met"}
    undecided = [each for each, told in REQUIREMENTS.items() if not decisions & {*told}]
    assert undecided == []
    assert all(told["asks"].strip() for told in REQUIREMENTS.values())
    assert {key for told in REQUIREMENTS.values() for key in told} == decisions | {"level", "asks"}


def test_what_does_not_apply_or_is_not_met_says_why() -> None:
    reasons = {
        each: told.get("does_not_apply") or told.get("not_met")
        for each, told in REQUIREMENTS.items()
        if {"does_not_apply", "not_met"} & {*told}
    }
    assert [each for each, why in reasons.items() if len(str(why).split()) < 3] == []
    both = [each for each, told in REQUIREMENTS.items() if {"does_not_apply", "not_met"} <= {*told}]
    assert both == []
    # what is not met shows at least what bounds the harm
    bare = [each for each, told in REQUIREMENTS.items() if "not_met" in told and not told.get("evidence")]
    assert [each for each in bare if not REQUIREMENTS[each].get("tests")] == []


def test_every_test_that_is_named_exists() -> None:
    named = [each for told in REQUIREMENTS.values() for each in told.get("tests", ())]
    assert len(named) > 200
    assert [each for each in named if each not in every_test()] == []


def test_every_file_and_section_that_is_named_exists() -> None:
    named = [each for told in REQUIREMENTS.values() for each in told.get("evidence", ())]
    for each in named:
        path, _, section = each.partition("#")
        assert (ROOT / path).is_file(), each
        if section:
            assert section in places(ROOT / path), each
