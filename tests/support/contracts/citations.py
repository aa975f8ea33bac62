"""What the tree cites of ``docs/domain`` and ``docs/contract.md``, and where links can lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ANCHOR = re.compile(r'<a id="([^"]+)"></a>')
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.*)$", re.MULTILINE)
_NOQA = re.compile(r"# noqa:[^\n]*|\"N\d{3}\"")

_ID = re.compile(r"(?<![\w-])(HR-\d+|A-\d{1,2}(?![\d-])|K\d+[a-z]?|[NEP]\d+)\b")
_SECTION = re.compile(r"§ ?(\d+(?:\.\d+)*)")
_RUN = re.compile(
    r"(?P<of>[Cc]ontract|[Dd]omain|RFC \d+|P37)?(?P<between>[ (]*)"
    r"(?P<run>§ ?\d+(?:\.\d+)*(?:\s*(?:,|and|–|-|to)\s*§ ?\d+(?:\.\d+)*)*)"
)


@dataclass(frozen=True)
class Citation:
    """One id or section, and the anchor that it asks for: ``domain#hr-12``, ``contract#s3``."""

    said: str
    anchor: str


def citations(text: str) -> Iterator[Citation]:
    """Every rule, ruling, clock, mail, example, public source and section that a text cites.

    A bare § is of the domain. Sections of an RFC and of the regulation (P37) are not ours.
    """
    text = _NOQA.sub("", text).replace(r"\u00a7", "§")
    for found in _ID.findall(text):
        yield Citation(found, f"domain#{found.lower()}")
    for run in _RUN.finditer(text):
        of = (run["of"] or "domain").lower()
        if of in {"domain", "contract"}:
            for number in _SECTION.findall(run["run"]):
                yield Citation(f"{of} §{number}", f"{of}#s{number.replace('.', '-')}")


def anchors(root: Path) -> set[str]:
    """Everything that a citation can lead to."""
    pages = [("domain", page) for page in (root / "docs" / "domain").glob("*.md")]
    pages.append(("contract", root / "docs" / "contract.md"))
    return {f"{of}#{each}" for of, page in pages for each in _ANCHOR.findall(page.read_text("utf-8"))}


def links(page: Path) -> list[str]:
    """The relative links of a page, outside of its code blocks."""
    found = _LINK.findall(_FENCED.sub("", page.read_text("utf-8")))
    return [each for each in found if not re.match(r"[a-z]+:", each)]


def places(page: Path) -> set[str]:
    """What a link to a page may name after ``#``: its anchors, and its headings as GitHub names them."""
    text = page.read_text("utf-8")
    headings = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in _HEADING.findall(text)}
    return headings | set(_ANCHOR.findall(text))


def prose(page: Path) -> str:
    """What people read as text: without code, addresses of links, and anchors."""
    text = _FENCED.sub("", page.read_text("utf-8"))
    text = re.sub(r"`[^`]*`", "", text)
    text = re.sub(r"\]\([^)]*\)", "]", text)
    return re.sub(r"<[^>]+>|https?://\S+", "", text)
