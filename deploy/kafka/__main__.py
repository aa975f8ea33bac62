"""``python -m deploy.kafka``: the Kafka broker of this machine, and the topics of any cluster."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from deploy.kafka.broker import PORT, Broker
from deploy.kafka.jars import HERE, BrokerUnavailable
from shared.messaging.kafka import topics
from shared.messaging.kafka.client import KafkaError
from shared.messaging.kafka.cluster import Refused
from shared.process.kafka_settings import KafkaSettings
from shared.process.settings import load

TOPICS = HERE / "topics.yaml"

app = typer.Typer(
    name="python -m deploy.kafka",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Apache Kafka on this machine, and the topics of any cluster. STAIRS_KAFKA_JARS names the folder "
    "of Kafka's jars (var/cache/kafka-4.3.1).",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 78 wrong setting.",
)


@app.callback()
def options(
    ctx: typer.Context,
    state: Annotated[
        Path | None, typer.Option(help="Folder of the broker's state.", envvar="STAIRS_KAFKA_STATE")
    ] = None,
    port: Annotated[
        int,
        typer.Option(
            help="Port of the broker; the controller takes the next.",
            envvar="STAIRS_KAFKA_PORT",
            min=1,
            max=65_534,
        ),
    ] = PORT,
    advertised: Annotated[
        str | None,
        typer.Option(
            help="host:port that clients are told to use, if a tunnel or proxy stands in between.",
            envvar="STAIRS_KAFKA_ADVERTISED",
        ),
    ] = None,
) -> None:
    """Which broker is meant."""
    ctx.obj = Broker(state, port, advertised=advertised)


@app.command()
def up(ctx: typer.Context) -> None:
    """Start the broker and create the topics."""
    broker: Broker = ctx.obj
    with _reporting_errors():
        broker.start()
        topics.create(broker.bootstrap, topics.declared(TOPICS))
    print(f"Kafka answers at {broker.bootstrap} (KAFKA_BOOTSTRAP_SERVERS={broker.bootstrap})")


@app.command()
def down(ctx: typer.Context) -> None:
    """Stop the broker; its data stays."""
    broker: Broker = ctx.obj
    broker.stop()
    print("Kafka is stopped")


@app.command("topics")
def create_topics(
    ctx: typer.Context,
    replication: Annotated[
        int | None,
        typer.Option(help="Replicas of each topic.", envvar="STAIRS_KAFKA_REPLICATION", min=1),
    ] = None,
) -> None:
    """Create the declared topics that are missing.

    In the cluster of KAFKA_BOOTSTRAP_SERVERS, with the other KAFKA_… settings of a service; in the broker of
    this machine if it is not set.
    """
    broker: Broker = ctx.obj
    with _reporting_errors():
        cluster = load(KafkaSettings).kafka or broker.bootstrap
        made = topics.create(cluster, topics.declared(TOPICS, replication=replication))
    print("\n".join(f"created {name}" for name in made) or "every topic is there")


@app.command()
def status(
    ctx: typer.Context,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show whether the broker runs and answers; exit code 0 if it answers, else 1."""
    broker: Broker = ctx.obj
    pid, answers = broker.pid(), broker.answers()
    if as_json:
        told = {"bootstrap": broker.bootstrap, "answers": answers, "pid": pid, "state": str(broker.state)}
        print(json.dumps(told))
    else:
        running = f"process {pid}" if pid else "no process of this folder"
        verb = "answers" if answers else "no answer"
        print(f"{broker.bootstrap}: {verb}, {running}, state in {broker.state}")
    raise typer.Exit(0 if answers else 1)


@contextmanager
def _reporting_errors() -> Iterator[None]:
    """A reason that a command cannot run is one line on standard error, and exit code 1."""
    try:
        yield
    except (BrokerUnavailable, topics.TopicMismatch, KafkaError) as error:
        typer.echo(f"kafka: {error}{_remedy(error)}", err=True)
        raise typer.Exit(1) from None


def _remedy(error: Exception) -> str:
    """A cluster that KAFKA_BOOTSTRAP_SERVERS names is that setting's business."""
    named = os.environ.get("KAFKA_BOOTSTRAP_SERVERS")
    if not named or isinstance(error, BrokerUnavailable | topics.TopicMismatch | Refused):
        return ""
    return f" (KAFKA_BOOTSTRAP_SERVERS={named}): start the cluster, or name another"


if __name__ == "__main__":
    app()
