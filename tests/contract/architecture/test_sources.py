"""What the tree cites is in the tree: rules and sections, links, abbreviations, and no outside paper."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.contracts.citations import anchors, citations, links, places, prose

ROOT = Path(__file__).parents[3]
ANCHORS = anchors(ROOT)

READ = {".py", ".yaml", ".yml", ".md", ".sql", ".toml", ".sh", ".j2", ".example", ".properties"}
NOT_READ = {
    "tests/contract/architecture/test_rules_are_shown.py",  # names ids that nobody has, to see them refused
    "tests/contract/architecture/test_sources.py",
}
NOBODYS = "E99"
"""The worked example that does not exist, for tests of what is said of one."""


def files(*under: str) -> list[Path]:
    """The files of the tree below folders of it, without what running it leaves there."""
    found = (
        path for folder in under for path in (ROOT / folder).rglob("*") if "__pycache__" not in path.parts
    )
    return sorted(path for path in found if path.is_file())


SERVICES = files("services")
FRONT = sorted(ROOT.glob("*.md"))
CITING = [
    path
    for path in [*SERVICES, *files("shared", "deploy", "tests", "docs"), *FRONT]
    if path.suffix in READ and str(path.relative_to(ROOT)) not in NOT_READ
]
PAGES = [*FRONT, *(path for path in [*SERVICES, *files("docs")] if path.suffix == ".md")]
RULEBOOKS = [path for path in SERVICES if path.suffix == ".yaml"]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize(
    ("text", "cited"),
    [
        ("see HR-12 and K3b (A-4, N8; E26, P20)", {"HR-12", "K3b", "A-4", "N8", "E26", "P20"}),
        ("domain §5.2.7, §5.5", {"domain §5.2.7", "domain §5.5"}),
        ("(contract §2, §5; domain §3.3)", {"contract §2", "contract §5", "domain §3.3"}),
        ("the rows of §4.3–§4.6", {"domain §4.3", "domain §4.6"}),
        ("contract \\u00a75", {"contract §5"}),
        ("RFC 5321 §4.5.3.1.3", set()),
        ("M p43, S 36", set()),
        ("x = 1  # noqa: E501 - one row", set()),
        ("warnings: [P1BD], A-2018-19-000045, an E2E test", set()),
    ],
)
def test_a_citation_is_recognised(text: str, cited: set[str]) -> None:
    assert {each.said for each in citations(text)} == cited


def test_the_anchors_are_those_of_every_rule() -> None:
    assert {f"domain#hr-{number:02}" for number in range(1, 31)} <= ANCHORS
    assert {f"domain#a-{number}" for number in range(1, 64)} <= ANCHORS
    assert {f"domain#k{number}" for number in range(1, 24)} | {"domain#k3b"} <= ANCHORS
    assert {f"domain#n{number}" for number in range(1, 16)} <= ANCHORS
    assert {f"domain#p{number}" for number in range(1, 46)} <= ANCHORS
    assert {f"domain#type-{number}" for number in range(1, 41)} <= ANCHORS
    assert sum(each.startswith("domain#e") for each in ANCHORS) == 44


def test_an_anchor_stands_once() -> None:
    for page in (ROOT / "docs").rglob("*.md"):
        found = re.findall(r'<a id="([^"]+)"></a>', page.read_text("utf-8"))
        assert len(found) == len(set(found)), page.name


def test_every_citation_leads_somewhere() -> None:
    lost = defaultdict(list)
    for path in CITING:
        for each in citations(path.read_text("utf-8")):
            if each.anchor not in ANCHORS and each.said != NOBODYS:
                lost[each.said].append(named(path))
    assert dict(lost) == {}


LAST_PAGE = {"M": 279, "S": 42}
"""Of the manual and of the slides, as docs/domain §0.1 says."""


def sources(document: object) -> Iterator[str]:
    """Every ``source`` of a rulebook's entries."""
    if isinstance(document, dict):
        for name, value in document.items():
            if name == "source" and isinstance(value, str):
                yield value
            else:
                yield from sources(value)
    elif isinstance(document, list):
        for each in document:
            yield from sources(each)


@pytest.mark.parametrize("path", RULEBOOKS, ids=named)
def test_every_source_of_a_rulebook_is_one_that_the_domain_lists(path: Path) -> None:
    tag = re.compile(r"[MSL]\b|§\d|dossier §\d|goals\.md 1\.4|(?:HR-|A-|K|N|E|P)\d")
    for source in sources(yaml.safe_load(path.read_text("utf-8"))):
        assert tag.match(source), source
        for of, last in LAST_PAGE.items():
            for first in re.findall(rf"\b{of} ((?:p?\d+(?:[-–]\d+)?(?:, )?)+)", source):
                assert max(int(number) for number in re.findall(r"\d+", first)) <= last, source


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        address, _, place = link.partition("#")
        target = (page.parent / address).resolve() if address else page
        assert target.exists(), link
        if place:
            assert place in places(target), link


NOT_HELD = {"CHANGELOG.md", "testing.md"}
"""What tells of the past, and what is being written anew."""

PATH = re.compile(r"`((?:services|shared|deploy|tests|docs|\.ci|\.devcontainer)/[\w./-]+)`")


@pytest.mark.parametrize("page", [page for page in PAGES if page.name not in NOT_HELD], ids=named)
def test_every_path_that_a_page_names_exists(page: Path) -> None:
    said = PATH.findall(page.read_text("utf-8"))
    assert [path for path in said if not (ROOT / path).exists()] == []


NAMES = {
    "README",
    "CHANGELOG",
    "CONTRIBUTING",
    "SECURITY",
    "LICENSE",
    "NNNN",
    "YYYY",
    "MM",
    "DD",
    "BREACH",
    "LOW",
}
NAMES |= {"MEDIUM", "HIGH", "NUL", "HR", "SIGKILL", "SIGSTOP", "PLAIN", "POST", "ConnectError", "ReadError"}
NAMES |= {
    "PostgreSQL",
    "FastAPI",
    "SQLAlchemy",
    "BuildKit",
    "SmarterApp",
    "ReadTimeout",
    "PyPI",
    "SemVer",
    "GitHub",
    "JavaScript",
    "DomainKeys",
    "HyperText",
    "ERS",
    "TestCases",
    "CycloneDX",
    "HttpClient",
    "HEAD",
    "GNU",
    "RSA",
    "STS",
}
"""Files, products, signals, placeholders and words in capitals: nothing that stands for other words."""


def unexplained(page: Path) -> set[str]:
    """The words with two capitals or more that the glossary does not have, nor in the singular."""
    words = re.findall(r"\b[A-Z]+[A-Za-z]*[A-Z]+[A-Za-z0-9]*\b", prose(page))
    return {word for word in words if not {word, word.removesuffix("s")} & (NAMES | explained())}


def explained() -> set[str]:
    """What stands in bold at the head of a row of the glossary."""
    rows = re.findall(r"^\| (\*\*.*?\*\*) \|", (ROOT / "docs/glossary.md").read_text("utf-8"), re.MULTILINE)
    return {word for row in rows for word in re.findall(r"[A-Za-z0-9]+", row)}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_abbreviation_is_in_the_glossary(page: Path) -> None:
    assert sorted(unexplained(page)) == []


OUTSIDE = re.compile(
    r"\bdossier|\blab notes?\b|\bhouse[ -]style\b|\bdecision 5\b|goals\.md|domain\.md", re.IGNORECASE
)
KEPT = re.compile(r"^\s*source: ")
"""Sources of rulebook entries are part of the hash that cases and appeals keep as the version."""


def test_no_paper_outside_the_tree_is_named() -> None:
    found = [
        f"{named(path)}: {line.strip()}"
        for path in CITING
        if named(path) != "docs/domain/README.md"  # which says what the old name was
        for line in path.read_text("utf-8").splitlines()
        if OUTSIDE.search(line) and not (path in RULEBOOKS and KEPT.match(line))
    ]
    assert found == []


WIDTH = 100
WRAPPED = [
    page
    for page in PAGES
    if page.parent in {ROOT, ROOT / "docs", ROOT / "docs/domain"} and page.name not in NOT_HELD
]


@pytest.mark.parametrize("page", WRAPPED, ids=named)
def test_a_page_is_wrapped_at_a_hundred_columns(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    wide = [line for line in text.splitlines() if len(line) > WIDTH and not line.startswith(("|", "#"))]
    assert [line for line in wide if " " in line.strip()] == []


def test_every_decision_is_in_the_index() -> None:
    index = (ROOT / "docs/adr/README.md").read_text("utf-8")
    rows = re.findall(r"^\| \[(\d{4})\]\(([^)]+)\) \| (.+?) \| (.+?) \|$", index, re.MULTILINE)
    kept = {path.name: path for path in (ROOT / "docs/adr").glob("[0-9]*.md")}
    assert [file for _, file, _, _ in rows] == sorted(kept)
    for number, file, title, decision in rows:
        assert kept[file].read_text("utf-8").startswith(f"# {number}. {title}\n")
        assert decision.rstrip().endswith(".")
