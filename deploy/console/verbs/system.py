"""Commands about the running system: run, demo, status, clock, rules."""

from __future__ import annotations

import logging
import os
from datetime import UTC
from typing import Annotated

import typer

from deploy.console.errors import reporting_errors
from deploy.console.folders import StateFolder
from deploy.console.ports import Ports
from deploy.console.screen import Screen
from deploy.console.verbs.options import HERE, AsJson, Dir, print_json

commands = typer.Typer()

PORTS = "8001 to 8003, 8011 to 8013, 1025; on Kafka 19092 and 19093"


@commands.command()
def run(
    *,
    kafka: Annotated[
        bool, typer.Option("--kafka", help="Carry events by Apache Kafka, not by feeds.")
    ] = False,
    var: Dir = HERE,
    port_offset: Annotated[
        int,
        typer.Option(
            help=f"Add this to every port: {PORTS}.",
            envvar="STAIRS_PORT_OFFSET",
            min=0,
            max=46_000,
        ),
    ] = 0,
    separate_relays: Annotated[
        bool, typer.Option("--separate-relays", help="Relays as processes of their own, not in the workers.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show every line of the logs, not warnings and errors only.")
    ] = False,
) -> None:
    """Start everything on this machine and keep it running until Ctrl-C.

    PostgreSQL 18, a mailbox, api and worker of each service. The next start continues where this one ended.

    Environment variables override addresses: STAIRS_POSTGRES_SOCKET (socket folder of a connection
    pooler), STAIRS_KAFKA_ADVERTISED (host:port of a tunnel), STAIRS_SMTP_URL (another mail server).
    """
    from deploy.console.local.run_options import AddressOverrides, RunOptions
    from deploy.console.local.run_screen import keep_running

    with reporting_errors():
        overrides = AddressOverrides.from_environment(os.environ)
        options = RunOptions(
            StateFolder.at(var), Ports().shifted(port_offset), kafka, separate_relays, overrides
        )
        level = logging.DEBUG if verbose else logging.WARNING
        keep_running(options, Screen(highlight=False), level=level)


@commands.command()
def demo(
    example: Annotated[
        list[str] | None, typer.Argument(help="Example to play, such as E12; all if none is named.")
    ] = None,
    *,
    var: Dir = HERE,
    within: Annotated[float, typer.Option(help="Seconds to wait for what takes a moment.")] = 60,
    containers: Annotated[
        bool, typer.Option("--containers", help="Against `docker compose up`; mails are read from Mailpit.")
    ] = False,
    port_offset: Annotated[
        int, typer.Option(help="Offset of every port of the containers.", min=0, max=46_000)
    ] = 0,
) -> None:
    """Play six real cases of the manual against the running system, by its public APIs only.

    Ends with what was seen of each case. The exit code is 0 if everything was as the manual says, else 1.
    """
    from deploy.console.demo import play
    from deploy.console.local.run_record import RunRecord, in_containers

    with reporting_errors():
        state = StateFolder.at(var)
        record = in_containers(port_offset) if containers else RunRecord.read(state)
        everything_seen = play(state, record, Screen(highlight=False), example or [], within)
    raise typer.Exit(0 if everything_seen else 1)


@commands.command()
def status(*, var: Dir = HERE, as_json: AsJson = False) -> None:
    """Show what runs: processes, ports, health, lag. The exit code is 0 if everything is ready, else 1."""
    from deploy.console.local.status import status_of
    from deploy.console.verbs.status_table import show

    with reporting_errors():
        found = status_of(StateFolder.at(var))
    if as_json:
        print_json(found.as_json())
    else:
        show(found, Screen(highlight=False))
    raise typer.Exit(0 if found.ready else 1)


@commands.command(context_settings={"ignore_unknown_options": True})  # -90m is a span, not an option
def clock(
    by: Annotated[str | None, typer.Argument(help="+2d, 1d12h, -90m or reset; none: only show it.")] = None,
    *,
    var: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Show or move the services' clock, to see now what is due in days."""
    from deploy.console.local import sandbox_clock

    with reporting_errors():
        state = StateFolder.at(var)
        shows = sandbox_clock.move(state, by) if by else sandbox_clock.shown(state)
    if as_json:
        at = shows.astimezone(UTC).isoformat(timespec="seconds")
        print_json({"clock": at, "ahead_seconds": sandbox_clock.offset(state)})
    else:
        print(f"the services' clock shows {shows:%Y-%m-%d %H:%M:%S} UTC")


@commands.command()
def rules(year: Annotated[str, typer.Argument(help="2015-16, 2018-19 or 2020-21.")] = "2018-19") -> None:
    """Show a year's incident types: severity, call, appeals, what to do, and the source of each rule."""
    from deploy.console.local import service_commands

    raise typer.Exit(service_commands.rules(year))
