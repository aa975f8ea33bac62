"""What was seen of each abuse, beside the rest values, and whether it meets the goals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rich.table import Table

from tests.load.abuses.honest import Seen

MOST_P99, MOST_MEMORY = 5.0, 1.3  # times the rest value


@dataclass(frozen=True)
class Rest:
    """The rest values of one running service: of all its times without an abuse together."""

    seen: Seen
    memory: float
    """MiB, before the first abuse, once it has done each thing that abuses make it do."""


@dataclass(frozen=True)
class Row:
    """One abuse as it was seen.

    :ivar answers: what the attacker got, by status.
    :ivar opened: the attacker's connections.
    :ivar seconds: how long it lasted.
    :ivar memory: MiB at its most.
    """

    title: str
    answers: Mapping[str, int]
    opened: int
    seconds: float
    seen: Seen
    memory: float

    def got(self) -> str:
        """What the attacker got through, in words."""
        told = [f"{count / self.seconds:,.0f}/s {status}" for status, count in sorted(self.answers.items())]
        return ", ".join(told) or f"{self.opened} connections, no answer"

    def line(self) -> str:
        """It alone, while others are still to come."""
        return f"{self.title}: {self.got()}; {self.seen.line()}, {self.memory:.0f} MiB"

    def slower(self, rest: Rest, share: float) -> float:
        """The honest client's time, as a multiple of its rest value."""
        return self.seen.ms(share) / rest.seen.ms(share)

    def larger(self, rest: Rest) -> float:
        """The service's memory, as a multiple of its rest value."""
        return self.memory / rest.memory

    def misses(self, rest: Rest) -> list[str]:
        """The goals that it misses."""
        return [
            *(["p99"] if self.slower(rest, 0.99) > MOST_P99 else []),
            *(["memory"] if self.larger(rest) > MOST_MEMORY else []),
            *([f"{self.seen.failed} failed"] if self.seen.failed else []),
        ]


@dataclass(frozen=True)
class Block:
    """The abuses of one running service.

    :ivar judged: whether the goals are for it.
    """

    title: str
    rest: Rest
    rows: Sequence[Row]
    judged: bool

    def missed(self) -> bool:
        """Whether a goal is missed."""
        return self.judged and any(row.misses(self.rest) for row in self.rows)


def table(blocks: Sequence[Block], told: str) -> Table:
    """All blocks, one below the other.

    :param told: what else is to be known, below it.
    """
    drawn = Table(title="make abuses: an honest client and the service's memory, beside their rest values")
    drawn.caption, drawn.caption_justify = told, "left"
    drawn.add_column("abuse")
    drawn.add_column("what the attacker got")
    for name in ("p50 ms", "×", "p99 ms", f"× ≤ {MOST_P99:g}", "MiB", f"× ≤ {MOST_MEMORY:g}"):
        drawn.add_column(name, justify="right")
    drawn.add_column("")
    for block in blocks:
        rest = block.rest
        drawn.add_row(f"[bold]{block.title}[/bold]", "")
        failed = f"{rest.seen.failed} failed" if rest.seen.failed else ""
        drawn.add_row(
            "at rest", f"{len(rest.seen.times):,} filings", *_figures(rest.seen, rest.memory), failed
        )
        for row in block.rows:
            missed = row.misses(rest)
            verdict = f"missed: {', '.join(missed)}" if missed else "met"
            drawn.add_row(
                row.title,
                row.got(),
                *_figures(row.seen, row.memory, row, rest),
                verdict if block.judged else "",
            )
        drawn.add_section()
    return drawn


def _figures(seen: Seen, memory: float, row: Row | None = None, rest: Rest | None = None) -> list[str]:
    times = ["", "", ""]
    if row is not None and rest is not None:
        times = [f"{row.slower(rest, 0.5):.1f}", f"{row.slower(rest, 0.99):.1f}", f"{row.larger(rest):.2f}"]
    figures = [f"{seen.ms(0.5):.1f}", f"{seen.ms(0.99):.1f}", f"{memory:.0f}"]
    return [each for pair in zip(figures, times, strict=True) for each in pair]
