"""`make bench`: ratios within one run (of mails: seconds), medians of interleaved rounds. Never a test."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Annotated, Protocol

import typer

from tests.load.append import Append
from tests.load.filing import Filing
from tests.load.harness import (
    Report,
    Round,
    at_least,
    at_most,
    measure,
    noted,
    over,
    publish,
    seconds,
    shown_only,
)
from tests.load.mails import by_feeds, by_kafka
from tests.load.projection import Projection
from tests.load.relay import Relaying
from tests.load.surroundings import RAISED, Surroundings, surroundings
from tests.load.upload import Upload

PGBENCH = "pgbench, one insert a transaction"

ROWS = [
    over("append_1", PGBENCH, "append_1", "pgbench_1", shown_only()),
    over("append_4", PGBENCH, "append_4", "pgbench_4", shown_only()),
    over("append_16", PGBENCH, "append_16", "pgbench_16", at_least(0.6)),
    over("append_64", PGBENCH, "append_64", "pgbench_64", at_least(0.8)),
    over("append_library_16", PGBENCH, "append_library_16", "pgbench_16", shown_only()),
    over("filing_vs_crud", "CRUD endpoint", "http_filing", "http_crud", at_least(2.5)),
    over("filing_vs_noop", "do-nothing POST", "http_filing", "http_noop", at_least(0.25)),
    over("filing_p99_vs_crud", "CRUD endpoint", "http_filing_p99_ms", "http_crud_p99_ms", at_most(1.0)),
    over("catch_up", "one fact a transaction", "catch_up", "one_by_one", at_least(25)),
    over("rebuild", "one fact a transaction", "rebuild", "one_by_one", shown_only()),
    over("relay", "bare producer", "relay", "producer", shown_only()),
    over("upload_20000", "reading the file alone", "upload_20000", "read_20000", at_most(3)),
    seconds("mail_p50_s_feeds", "submit to SMTP's 250", shown_only()),
    seconds("mail_p99_s_feeds", "submit to SMTP's 250", at_most(5)),
    seconds("mail_p50_s_kafka", "submit to SMTP's 250", shown_only()),
    seconds("mail_p99_s_kafka", "submit to SMTP's 250", at_most(5)),
]


class Part(Protocol):
    """Something that is set up once, and measured in every round."""

    def round(self) -> Round:
        """One round's figures by name."""
        ...

    def __enter__(self) -> Part:
        """Set it up."""
        ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take it down."""
        ...


class PartName(StrEnum):
    """What can be measured alone."""

    APPEND = "append"
    FILING = "filing"
    PROJECTION = "projection"
    RELAY = "relay"
    UPLOAD = "upload"
    MAILS_FEEDS = "mails-feeds"
    MAILS_KAFKA = "mails-kafka"


def parts(
    around: Surroundings, only: set[str], opened: ExitStack, failures: dict[str, str]
) -> dict[str, Callable[[], Round]]:
    """What is measured in each round.

    :param only: leave all other parts out; empty for all.
    :param failures: where the reason is noted, by part, if one cannot be set up.
    """
    kinds: dict[str, Callable[[Surroundings], Part]] = {
        "append": Append,
        "filing": Filing,
        "projection": Projection,
        "relay": Relaying,
        "upload": Upload,
        "mails-feeds": by_feeds,
        "mails-kafka": by_kafka,
    }
    found: dict[str, Callable[[], Round]] = {}
    for name, kind in kinds.items():
        if not only or name in only:
            with noted(name, failures):
                found[name] = opened.enter_context(kind(around)).round
    return found


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    out: Annotated[Path, typer.Option(help="Where the figures are kept.")] = Path("var/bench/latest.json"),
    rounds: Annotated[int, typer.Option(help="How often each part is measured.", min=1)] = 3,
    only: Annotated[list[PartName] | None, typer.Option(help="Measure this part only; repeatable.")] = None,
) -> None:
    """Measure, print, keep; exit code 1 if a part could not be measured."""
    failures: dict[str, str] = {}
    with surroundings() as around, ExitStack() as opened:
        measured = measure(parts(around, set(only or []), opened, failures), rounds, failures)
    publish(Report(ROWS, measured, failures, RAISED), out)
    raise typer.Exit(1 if failures else 0)


if __name__ == "__main__":
    app()
