"""``republish``: publishes a service's facts to its topic again, from its event store."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Annotated

import typer
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.chassis.definition import Foundation, S, ServiceDefinition
from shared.chassis.one_off import one_off
from shared.messaging.kafka.cluster import At
from shared.messaging.kafka.producer import Publisher
from shared.messaging.publishing.outgoing import Outbound
from shared.messaging.publishing.republishing import NotRepublished, Progress, Republished, Republishing
from shared.persistence.tail import Tail
from shared.process.exit_codes import DONE, FAILED
from shared.process.verbs import AsJson, done, say, say_words

Position = Annotated[int, typer.Option("--from", min=1, metavar="POSITION", help="The first position.")]
Last = Annotated[
    int | None,
    typer.Option("--to", min=1, metavar="POSITION", help="The last one; else what the relay has published."),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Count only.")]


@dataclass(frozen=True)
class PublishedFacts:
    """One service's facts, and where they are published."""

    source: str
    topic: str
    tail: Tail
    outbound: Outbound
    engine: AsyncEngine
    bootstrap: At | None  # of the Kafka cluster, if there is one


def published_facts(base: Foundation[S]) -> PublishedFacts:
    """The facts of a service, and where they are published."""
    it = base.service
    return PublishedFacts(it.source, it.topic, base.tail, it.publish, base.engine, base.settings.kafka)


async def republish(
    facts: PublishedFacts, start: int, end: int | None, progress: Progress, *, dry_run: bool
) -> Republished:
    """Publish the facts of these positions again.

    :param end: None: up to what the relay has published.
    :param dry_run: only count them.
    :raises NotRepublished: there is no cluster, it accepts nothing more, or another publisher is at work.
    :raises StoreUnavailable: the database is away.
    """
    if facts.bootstrap is None and not dry_run:
        raise NotRepublished("KAFKA_BOOTSTRAP_SERVERS is not set: there is no topic to publish to")
    outlet = Publisher(facts.bootstrap, "stairs-republish") if facts.bootstrap and not dry_run else None
    work = Republishing(facts.source, facts.topic, facts.tail, facts.outbound, facts.engine, outlet)
    try:
        return await work.run(start, end, progress)
    finally:
        if outlet is not None:
            await outlet.close()


async def republish_and_say(
    facts: PublishedFacts, start: int, end: int | None, *, dry_run: bool, as_json: bool
) -> int:
    """The same, reported on standard output; returns the exit code.

    :raises StoreUnavailable: the database is away.
    """

    def tell(reached: int, total: int) -> None:
        if as_json:
            say({"done": reached, "of": total})
        else:
            say_words(f"republish {reached}/{total}")

    try:
        all_of_it = await republish(facts, start, end, tell, dry_run=dry_run)
    except NotRepublished as problem:
        sys.stderr.write(f"{problem}\n")
        return FAILED
    events, first, last = all_of_it.events, all_of_it.start, all_of_it.end
    if as_json:
        say({"published": events, "from": first, "to": last, "dry_run": dry_run})
    else:
        went = "would go" if dry_run else "went"
        say_words(f"republished: {events} events of the positions {first} to {last} {went} to {facts.topic}")
    return DONE


def add_to(app: typer.Typer, service: ServiceDefinition[S]) -> None:
    """Give a command line this verb."""

    @app.command("republish")
    def verb(start: Position, end: Last = None, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
        """Fill the topic again from the facts."""

        async def work(base: Foundation[S]) -> int:
            return await republish_and_say(
                published_facts(base), start, end, dry_run=dry_run, as_json=as_json
            )

        act = None if dry_run else "facts_republished"
        done(one_off(service, work, act=act, told={"first": start, "last": end}))
