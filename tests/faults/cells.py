"""The fault table as a file (`cells.yaml`), and what was seen when it was run."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import TypeAdapter

HERE = Path(__file__).parent
FAULTS = ("kill", "pause", "reset", "latency", "half-open")
SUBJECTS = ("api", "worker", "postgres", "kafka", "smtp", "clock")
TRANSPORTS = ("feeds", "kafka")
RECORDED = HERE / "seen.json"  # what docs/reliability.md shows
Clients = Literal["nothing", "slower", "repeat"]


@dataclass(frozen=True)
class Cell:
    """One fault of one subject, and what is expected then."""

    subject: str
    fault: str
    transport: str
    injected: str
    expected: str
    clients: Clients
    within: float  # seconds
    repeats: int

    @property
    def name(self) -> str:
        return f"{self.subject}-{self.fault}"


@dataclass(frozen=True)
class Seen:
    """What one run of a cell saw."""

    filings: int
    failures: dict[str, int]  # attempts that were not the last word, by kind
    slowest: float  # seconds until a request was answered at last
    ready_after: float  # seconds from the end of the fault
    mailed_after: float  # seconds from the end of the fault
    repeats: int


@dataclass(frozen=True)
class _Hit:
    injected: str
    expected: str
    clients: Clients
    within: float
    repeats: int = 0


@dataclass(frozen=True)
class _Row:
    transport: Literal["feeds", "kafka"]
    cells: dict[str, _Hit]


@cache
def table() -> dict[str, str]:
    """Who is hit: what each subject is."""
    return {name: row["is"] for name, row in _file().items()}


@cache
def cells() -> tuple[Cell, ...]:
    """Every cell, in the order of the file."""
    rows = TypeAdapter(dict[str, _Row]).validate_python(_file())
    return tuple(
        Cell(subject, fault, row.transport, **asdict(hit))
        for subject, row in rows.items()
        for fault, hit in row.cells.items()
    )


def _file() -> dict[str, dict[str, str]]:
    read: dict[str, dict[str, str]] = yaml.safe_load((HERE / "cells.yaml").read_text("utf-8"))
    return read


def notebook() -> Path:
    """Where a run writes down what it sees: `STAIRS_FAULTS_SEEN`, or a file outside git."""
    return Path(os.environ.get("STAIRS_FAULTS_SEEN", "var/faults/seen.json"))


def write_down(cell: Cell, seen: Seen, path: Path) -> None:
    """Keep it beside what was seen of the other cells, which another process may write down now."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = json.loads(path.read_text()) if path.exists() else {}
        known[cell.name] = asdict(seen)
        ordered = {each.name: known[each.name] for each in cells() if each.name in known}
        path.write_text(json.dumps(ordered, indent=1) + "\n")


def seen_in(path: Path) -> dict[str, Seen]:
    """What a file says was seen, by cell."""
    return {name: Seen(**fields) for name, fields in json.loads(path.read_text()).items()}
