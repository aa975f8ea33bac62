"""`docs/reliability.md`, made of `cells.yaml` and of what was seen: `make reliability`.

python -m tests.faults.reliability             write the page from what is recorded
python -m tests.faults.reliability take FILE   record what a run of `make faults` wrote down, then write
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from deploy.console.folders import ROOT
from tests.faults.cells import FAULTS, RECORDED, Cell, Seen, cells, seen_in, table, write_down

PAGE = ROOT / "docs" / "reliability.md"
FRAME = Path(__file__).with_name("page.md")  # what stands around the tables, which go where {table} is


def page(seen: dict[str, Seen]) -> str:
    """The whole page."""
    tables = "\n".join([*_overview(seen), *_details(seen)])
    return FRAME.read_text("utf-8").replace("{table}", tables.rstrip())


def _overview(seen: dict[str, Seen]) -> Iterator[str]:
    yield f"| clients see | {' | '.join(FAULTS)} |"
    yield "|---" * (len(FAULTS) + 1) + "|"
    by_name = {cell.name: cell for cell in cells()}
    for subject in table():
        short = [_short(by_name[f"{subject}-{fault}"], seen) for fault in FAULTS]
        yield f"| **{subject}** | {' | '.join(short)} |"
    yield ""


def _short(cell: Cell, seen: dict[str, Seen]) -> str:
    return f"{cell.clients}; all well after {_seconds(seen[cell.name].mailed_after)} (≤ {cell.within:g})"


def _details(seen: dict[str, Seen]) -> Iterator[str]:
    for subject, meaning in table().items():
        of_it = [cell for cell in cells() if cell.subject == subject]
        yield f"## {subject}: {meaning}"
        yield f"\nEvents carried by {of_it[0].transport}.\n"
        yield "| fault | what happens | what is expected | what was seen |"
        yield "|---|---|---|---|"
        for cell in of_it:
            yield f"| {cell.fault} | {cell.injected} | {cell.expected} | {_seen(seen[cell.name])} |"
        yield ""


def _seen(seen: Seen) -> str:
    failures = ", ".join(f"{count} × {kind}" for kind, count in seen.failures.items())
    return (
        f"{seen.filings} filings; {f'attempts repeated: {failures}' if failures else 'no attempt repeated'}; "
        f"slowest answer {_seconds(seen.slowest)}; ready after {_seconds(seen.ready_after)}, "
        f"mailed after {_seconds(seen.mailed_after)}; mails repeated: {seen.repeats}"
    )


def _seconds(value: float) -> str:
    return f"{value:.1f} s"


def main(words: list[str]) -> int:
    """Record if asked to, and write the page."""
    if words[:1] == ["take"]:
        fresh = seen_in(Path(words[1]))
        for cell in cells():
            if cell.name in fresh:
                write_down(cell, fresh[cell.name], RECORDED)
    missing = [cell.name for cell in cells() if cell.name not in seen_in(RECORDED)]
    if missing:
        sys.stderr.write(f"never run: {', '.join(missing)}\n")
        return 1
    PAGE.write_text(page(seen_in(RECORDED)), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
