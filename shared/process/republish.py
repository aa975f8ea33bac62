"""``python -m services.<name> republish --from POSITION [--to POSITION] [--dry-run]``.

Prints a line ``republish done/all`` now and then, and at the end what was done.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.messaging.kafka.cluster import At
from shared.messaging.kafka.producer import Publisher
from shared.messaging.publishing.outgoing import Outbound
from shared.messaging.publishing.republishing import NotRepublished, Republishing
from shared.persistence.tail import Tail


@dataclass(frozen=True)
class RepublishSource:
    """What a service lends to whoever republishes its facts."""

    source: str
    topic: str
    tail: Tail
    outbound: Outbound
    engine: AsyncEngine
    bootstrap: At | None  # of the Kafka cluster, if there is one


async def republish(store: RepublishSource, words: Sequence[str]) -> int:
    """Do what the words say; answers the exit code.

    :raises SystemExit: the words are no usage of this verb (2).
    :raises StoreUnavailable: the database is away.
    """
    asked = _parser().parse_args(words)
    if store.bootstrap is None and not asked.dry_run:
        sys.stderr.write("KAFKA_BOOTSTRAP_SERVERS is not set: there is no topic to publish to\n")
        return 1
    outlet = Publisher(store.bootstrap, "stairs-republish") if store.bootstrap and not asked.dry_run else None
    work = Republishing(store.source, store.topic, store.tail, store.outbound, store.engine, outlet)
    try:
        done = await work.run(asked.start, asked.end, _say)
    except NotRepublished as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    finally:
        if outlet is not None:
            await outlet.close()
    went = "would go" if asked.dry_run else "went"
    span = f"positions {done.start} to {done.end}"
    sys.stdout.write(f"republished: {done.events} events of the {span} {went} to {store.topic}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="republish", description="Fill a topic again from the event store.")
    parser.add_argument("--from", dest="start", type=_position, required=True, help="the first position")
    parser.add_argument(
        "--to", dest="end", type=_position, help="the last; else what the relay has published"
    )
    parser.add_argument("--dry-run", action="store_true", help="count only")
    return parser


def _position(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError("a position is 1 or more")
    return int(text)


def _say(done: int, of_all: int) -> None:
    sys.stdout.write(f"republish {done}/{of_all}\n")
    sys.stdout.flush()
