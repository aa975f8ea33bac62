"""`make bench`: ratios within one run (of mails: seconds), medians of interleaved rounds. Never a test."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Protocol

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
from tests.load.surroundings import Surroundings, surroundings
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


def main() -> int:
    """Measure, print, keep; 1 if a part could not be measured."""
    command = argparse.ArgumentParser(prog="python -m tests.load", description=__doc__)
    command.add_argument("--out", type=Path, default=Path("var/bench/latest.json"))
    command.add_argument("--rounds", type=int, default=3)
    command.add_argument(
        "--only",
        action="append",
        default=[],
        metavar="append|filing|projection|relay|upload|mails-feeds|mails-kafka",
    )
    asked = command.parse_args()
    failures: dict[str, str] = {}
    with surroundings() as around, ExitStack() as opened:
        rounds = measure(parts(around, set(asked.only), opened, failures), asked.rounds, failures)
    publish(Report(ROWS, rounds, failures), asked.out)
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
