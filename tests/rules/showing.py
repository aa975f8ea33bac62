"""Which test shows which rule, example or clock of docs/domain: by its name, its case, or ``mark.shows``.

def test_e12_a_fire_drill_offers_the_extension(): ...          the name
@pytest.mark.parametrize("body", …, ids=["E36 an interim"])    the case
def test_k5_four_business_days(): ...                          a clock that this system owns
@pytest.mark.shows("E12", "HR-16")                             the marker
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

HERE = Path(__file__).parent
IN_NAME = re.compile(r"(?:^|_)(?:(e|hr_?)(\d{2})|(k)(\d{1,2}b?))(?=_|$)")
IN_CASE = re.compile(r"\b(?:(E|HR-)(\d{2})|(K)(\d{1,2}b?))\b")


@dataclass(frozen=True)
class Elsewhere:
    """Why no test shows it yet."""

    part: str
    reason: str


@dataclass
class Collected:
    """A pytest plugin: every collected test under each id that it shows."""

    by_id: dict[str, list[str]] = field(default_factory=dict)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            marked = [str(each) for mark in item.iter_markers("shows") for each in mark.args]
            for shown in {*ids_in(item.name), *marked}:
                self.by_id.setdefault(shown, []).append(item.nodeid)


def ids_in(name: str) -> Iterator[str]:
    """The ids that a test's name (with its case in brackets) says that it shows."""
    function, _, case = name.partition("[")
    for found in (*IN_NAME.findall(function), *IN_CASE.findall(case)):
        kind, number = "".join(found[::2]).upper(), "".join(found[1::2])
        yield f"HR-{number}" if kind.startswith("HR") else f"{kind}{number}"


def wanted() -> Mapping[str, str]:
    """What has to be shown, by id."""
    known: dict[str, str] = yaml.safe_load((HERE / "wanted.yaml").read_text())
    return known


def elsewhere() -> Mapping[str, Elsewhere]:
    """What is known not to be shown yet."""
    listed = yaml.safe_load((HERE / "elsewhere.yaml").read_text())
    return {each: Elsewhere(**said) for each, said in listed.items()}


def holes(shown: Iterable[str], known: Iterable[str], listed: Iterable[str]) -> list[str]:
    """What nothing shows and nothing explains."""
    return sorted(set(known) - set(shown) - set(listed))
