"""Rounds, medians and the table of `make bench`: ratios within one run, never absolute times."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

Round = Mapping[str, float]
Rate = Callable[[Round], float]


@dataclass(frozen=True)
class Row:
    """One ratio: how to read it off a round, against what, and the goal."""

    name: str
    baseline: str
    goal: str
    ratio: Rate
    met: Callable[[float], bool]


def at_least(value: float) -> tuple[str, Callable[[float], bool]]:
    """The goal of a ratio that should be large."""
    return f"≥ {value:g}", lambda ratio: ratio >= value


def at_most(value: float) -> tuple[str, Callable[[float], bool]]:
    """The goal of a ratio that should be small."""
    return f"≤ {value:g}", lambda ratio: ratio <= value


def shown_only() -> tuple[str, Callable[[float], bool]]:
    """A ratio without a goal."""
    return "—", lambda _ratio: True


def over(name: str, baseline: str, rate: str, base: str, goal: tuple[str, Callable[[float], bool]]) -> Row:
    """A row that divides two measured figures of one round."""
    return Row(name, baseline, goal[0], lambda seen: seen[rate] / seen[base], goal[1])


def seconds(name: str, of: str, goal: tuple[str, Callable[[float], bool]]) -> Row:
    """A row that shows a time as it is, where people wait for it and a goal is set in seconds."""
    return Row(name, of, goal[0], lambda seen: seen[name], goal[1])


@dataclass
class Report:
    """The rounds of one run, and what they say."""

    rows: list[Row]
    rounds: list[dict[str, float]]
    failures: dict[str, str] = field(default_factory=dict)
    """What kept a part from being measured, by part; its rows are left out or rest on fewer rounds."""
    raised: Mapping[str, str] = field(default_factory=dict)
    """The limits that are raised for it, by their settings."""

    def ratios(self, row: Row) -> list[float]:
        """The row's ratio, of each round that measured it."""
        found: list[float] = []
        for seen in self.rounds:
            with suppress(KeyError):
                found.append(row.ratio(seen))
        return found

    def measured(self) -> list[Row]:
        """The rows of which at least one round tells."""
        return [row for row in self.rows if self.ratios(row)]

    def as_json(self) -> dict[str, object]:
        """The form of `var/bench/latest.json`."""
        return {
            "rows": [
                {
                    "name": row.name,
                    "ratio": round(statistics.median(self.ratios(row)), 3),
                    "baseline": row.baseline,
                    "goal": row.goal,
                    "rounds": [round(ratio, 3) for ratio in self.ratios(row)],
                }
                for row in self.measured()
            ],
            "raised": dict(self.raised),
            "failures": self.failures,
            "machine": {
                "cores": os.cpu_count(),
                "python": platform.python_version(),
                "system": platform.platform(),
            },
            "figures": self.rounds,
        }

    def table(self) -> Table:
        """The table for the screen."""
        table = Table("row", "ratio", "of", "goal", "", "rounds", title="make bench: ratios within one run")
        for row in self.measured():
            ratios = self.ratios(row)
            median = statistics.median(ratios)
            verdict = "" if row.goal == "—" else ("met" if row.met(median) else "short")
            rounds = " ".join(f"{ratio:.2f}" for ratio in ratios)
            table.add_row(row.name, f"{median:.2f}", row.baseline, row.goal, verdict, rounds)
        if self.raised:
            table.caption = f"raised for it: {', '.join(self.raised)}"
        return table


def measure(
    parts: Mapping[str, Callable[[], Round]], rounds: int, failures: dict[str, str]
) -> list[dict[str, float]]:
    """Every part once a round, in turn, so that a drift of the machine hits all of them.

    :param failures: where the reason is noted, by part, if one cannot be measured; it is not asked again.
    """
    seen: list[dict[str, float]] = []
    with Progress() as progress:
        bar = progress.add_task("measuring", total=rounds * len(parts))
        for number in range(rounds):
            figures: dict[str, float] = {}
            for name, part in parts.items():
                progress.update(bar, description=f"round {number + 1} of {rounds}: {name}")
                if name not in failures:
                    with noted(name, failures):
                        figures.update(part())
                progress.advance(bar)
            seen.append(figures)
    return seen


@contextmanager
def noted(name: str, failures: dict[str, str]) -> Iterator[None]:
    """A failed part costs its rows, not the run: the reason goes to the screen and into the report."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - whatever a part does, the others are measured
        failures[name] = f"{type(error).__name__}: {error}"
        sys.stderr.write("".join(traceback.format_exception(error)))


def publish(report: Report, path: Path) -> None:
    """Print the table and keep the figures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(report.as_json(), indent=2) + "\n")
    console = Console(width=120)
    console.print(report.table())
    for name, reason in report.failures.items():
        console.print(f"{name} failed: {reason}", markup=False)
    console.print(f"figures: {path}")
