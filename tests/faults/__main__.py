"""`make chaos CYCLES=2000 [SEED=…]`: kill at random for as long as it takes, then say what is left of it."""

from __future__ import annotations

import random
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from tests.faults.chaos import chaos
from tests.faults.verdict import complaints

TRANSPORTS = ("feeds", "kafka")


def main(
    cycles: Annotated[int, typer.Option(help="Kills, both transports together.", min=1)] = 100,
    seed: Annotated[int | None, typer.Option(help="Repeats a run's order of victims.")] = None,
) -> None:
    """Kill on both transports, half of the cycles each; 0 when nothing was lost and nothing came twice."""
    seed = seed or random.SystemRandom().randrange(1, 1_000_000)
    console = Console(highlight=False)
    console.print(f"{cycles} kills, seed {seed}")
    shares = {"feeds": cycles - cycles // 2, "kafka": cycles // 2}
    raise typer.Exit(max(_one(console, transport, shares[transport], seed) for transport in TRANSPORTS))


def _one(console: Console, transport: str, cycles: int, seed: int) -> int:
    columns = (
        TextColumn("{task.description:<40}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(f"{transport}: starting", total=cycles)

        def tell(number: int, name: str) -> None:
            coming_to_rest = " (the last; coming to rest)" if number == cycles else ""
            progress.update(bar, completed=number, description=f"{transport}: {name}{coming_to_rest}")

        with chaos(transport, cycles, seed, tell) as after:
            found = complaints(after)
    console.print(after.summary)
    for question, wrong in found.items():
        console.print(f"[bold red]{question}:[/] {list(wrong)[:10]}")
    if not found:
        console.print(f"[bold green]{transport}: nothing lost, nothing doubled, every confirmation mailed[/]")
    return 1 if found else 0


if __name__ == "__main__":
    typer.run(main)
