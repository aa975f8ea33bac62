"""Every locked package has a licence that is allowed, and the bill of materials names them all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import bill_of_materials
from tools.bill_of_materials import LOCKS, Package, bill, packages, rules

LOCKED = {path.name: path.read_text("utf-8") for path in LOCKS.values()}


@pytest.mark.parametrize("lock", LOCKED)
def test_every_locked_package_has_an_allowed_licence(lock: str) -> None:
    found = packages(LOCKED[lock])
    assert {each.name: each.refused for each in found if each.refused} == {}


@pytest.mark.parametrize("lock", LOCKED)
def test_the_bill_names_every_locked_package(lock: str) -> None:
    made = bill(packages(LOCKED[lock]), "1.2.3")
    locked = set(re.findall(r"^([a-z0-9._-]+==[^ \\]+)", LOCKED[lock], re.MULTILINE))
    components = made["components"]
    assert {f"{each['name']}=={each['version']}" for each in components} == locked
    assert all(each["externalReferences"] and each["licenses"][0]["expression"] for each in components)
    hashes = [one["hashes"][0]["content"] for each in components for one in each["externalReferences"]]
    assert len(hashes) == LOCKED[lock].count("--hash=sha256:")


@pytest.mark.parametrize(
    ("licence", "refused"),
    [
        ("MIT", []),
        ("GPL-3.0-only", ["GPL-3.0-only"]),
        ("unknown", ["unknown"]),
        ("GPL-3.0-only OR MIT", []),
        ("MIT AND GPL-2.0-only", ["GPL-2.0-only"]),
        ("MPL-2.0 AND (Apache-2.0 OR MIT)", []),
    ],
)
def test_a_licence_that_is_not_on_the_list_is_refused(licence: str, refused: list[str]) -> None:
    assert Package("somebodys", "1.0", (), licence).refused == refused


def test_a_package_that_is_not_allowed_fails_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bill_of_materials, "allowed", lambda: {"MIT"})
    said = list(bill_of_materials.write(tmp_path))
    assert any(each.startswith("cryptography ") for each in said)
    assert {path.name for path in tmp_path.iterdir()} == set(LOCKS)


def test_the_page_says_what_each_licence_asks() -> None:
    page = (Path(__file__).parents[3] / "docs/licences.md").read_text("utf-8")
    assert set(re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)) == set(rules()["allowed"])
