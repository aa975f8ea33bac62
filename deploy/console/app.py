"""The verbs of ``stairs``. Each is thin: options in, one call, words out."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.console.dead_letter_verbs import verbs
from deploy.console.place import SERVICES, Between, Notes, Place, Ports, in_containers
from deploy.console.trouble import Trouble, plainly
from shared.kernel.actor import Role

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="STAIRS on this machine: test-security cases, appeals, and the mails about them.",
    epilog="First: [bold]stairs run[/bold]. Then, in a second terminal: [bold]stairs demo[/bold].",
)

app.add_typer(verbs, name="dead-letters")

Dir = Annotated[Path, typer.Option("--dir", help="Where all state is kept.", envvar="STAIRS_DIR")]
HERE = Path("var")


@app.command()
def run(
    *,
    kafka: Annotated[
        bool, typer.Option("--kafka", help="Carry events by Apache Kafka, not by feeds.")
    ] = False,
    var: Dir = HERE,
    port_offset: Annotated[
        int,
        typer.Option(
            help="Add this to every port: 8001 to 8003, 8011 to 8013, 1025.",
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
    """Start everything on this machine and keep it until Ctrl-C.

    PostgreSQL 18, a mailbox, api and worker of each service. A second start continues where the first was.

    What stands in between is told by the environment: STAIRS_POSTGRES_SOCKET (folder of a pooler's socket),
    STAIRS_KAFKA_ADVERTISED (host:port of a tunnel), STAIRS_SMTP_URL (a mail server instead of the mailbox).
    """
    from deploy.console.running import keep_running
    from deploy.console.system import Wanted

    with plainly():
        between = Between.told_by(os.environ)
        wanted = Wanted(Place.at(var), Ports().shifted(port_offset), kafka, separate_relays, between)
        level = logging.DEBUG if verbose else logging.WARNING
        keep_running(wanted, Console(highlight=False), level=level)


@app.command()
def demo(
    example: Annotated[
        list[str] | None, typer.Argument(help="Which, e.g. E12; all if none is named.")
    ] = None,
    *,
    var: Dir = HERE,
    within: Annotated[float, typer.Option(help="Seconds to wait for each thing that takes a moment.")] = 60,
    containers: Annotated[
        bool, typer.Option("--containers", help="Against `docker compose up`; mails are read from Mailpit.")
    ] = False,
    port_offset: Annotated[
        int, typer.Option(help="What was added to every port of the containers.", min=0, max=46_000)
    ] = 0,
) -> None:
    """Play real cases of the manual against the running system, by its public doors only.

    Ends with a table of what was seen. The exit code is 0 only if everything was as the manual says.
    """
    from deploy.console.demo import play

    with plainly():
        place = Place.at(var)
        notes = in_containers(port_offset) if containers else Notes.read(place)
        everything_seen = play(place, notes, Console(highlight=False), example or [], within)
    raise typer.Exit(0 if everything_seen else 1)


@app.command()
def token(
    role: Annotated[Role, typer.Argument(help="The role of the bearer.")],
    *,
    lea: Annotated[str | None, typer.Option(help="7-digit CDS prefix of an LEA.")] = None,
    school: Annotated[str | None, typer.Option(help="14-digit CDS code; brings its LEA.")] = None,
    name: Annotated[str | None, typer.Option(help="The bearer's name.")] = None,
    email: Annotated[str | None, typer.Option(help="The bearer's address, and identity.")] = None,
    hours: Annotated[float, typer.Option(help="How long it is good.", min=0)] = 12,
    var: Dir = HERE,
) -> None:
    """Print a bearer token, and nothing else.

    As in: curl -H "Authorization: Bearer $(stairs token cde_reviewer)" localhost:8001/v1/incidents
    """
    from deploy.console.tokens import make_token, somebody

    with plainly():
        person = somebody(role, lea=lea, school=school, name=name, email=email)
        sys.stdout.write(make_token(Place.at(var), person, hours) + "\n")


@app.command()
def secrets(*, var: Dir = HERE) -> None:
    """Make the secret files that docker-compose.yml mounts, under var/secrets; those that are there stay.

    Beside a docker-compose.yml it names their folder in .env, where Compose looks.
    """
    from deploy.console.container_secrets import make_secrets, tell_compose

    with plainly():
        folder = make_secrets(Place.at(var))
        tell_compose(folder, Path.cwd())
        Console(highlight=False).print(f"{len(list(folder.iterdir()))} files in {folder}", soft_wrap=True)


@app.command()
def migrate(*, var: Dir = HERE) -> None:
    """Bring the tables of every service up to date; `stairs run` does it by itself."""
    from deploy.console import doorways

    with plainly():
        place = Place.at(var)
        with _database(place) as notes:
            doorways.migrate(place, notes)
        Console(highlight=False).print(f"tables of {', '.join(SERVICES)} are up to date")


@app.command()
def rebuild(
    service: Annotated[
        str | None, typer.Argument(help="incidents, appeals or notifications; all if none.")
    ] = None,
    *,
    var: Dir = HERE,
) -> None:
    """Make read models anew from the events, beside the living ones, while the system runs."""
    from deploy.console.rebuilding import rebuild_with_progress

    with plainly():
        if service not in (None, *SERVICES):
            raise Trouble(f"no service {service!r}: say one of {', '.join(SERVICES)}")
        place = Place.at(var)
        with _database(place) as notes:
            rebuild_with_progress(
                [service] if service else list(SERVICES), place, notes, Console(highlight=False)
            )


@app.command()
def republish(
    service: Annotated[str, typer.Argument(help="incidents, appeals or notifications.")],
    *,
    start: Annotated[int, typer.Option("--from", help="The first position.", min=1)],
    end: Annotated[int | None, typer.Option("--to", help="The last; else what was published.", min=1)] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only.")] = False,
    var: Dir = HERE,
) -> None:
    """Fill a lost topic again from the event store: same ids, in order; consumers notice nothing."""
    from deploy.console.republishing import republish_with_progress

    with plainly():
        if service not in SERVICES:
            raise Trouble(f"no service {service!r}: say one of {', '.join(SERVICES)}")
        place = Place.at(var)
        words = [
            "--from",
            str(start),
            *(["--to", str(end)] if end else []),
            *(["--dry-run"] if dry_run else []),
        ]
        republish_with_progress(service, words, place, Notes.read(place), Console(highlight=False))


@app.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it; there must be no such file yet.")],
    *,
    var: Dir = HERE,
) -> None:
    """Write all that cannot be made again into one file, while the system runs or not: databases and keys.

    Whoever can read the file can read every SSID: it is made readable by you only; keep it so.
    """
    from deploy.console.backing_up import refuse_nothing
    from deploy.console.keeping import back_up_with_progress

    with plainly():
        place = Place.at(var)
        refuse_nothing(place)
        with _database(place) as notes:
            back_up_with_progress(place, notes.socket, file.absolute(), Console(highlight=False))


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `stairs backup` wrote.")],
    *,
    var: Dir = HERE,
) -> None:
    """Bring a backup back, into a folder that holds no data; then `stairs run` goes on from there."""
    from deploy.console.keeping import restore_and_tell

    with plainly():
        restore_and_tell(Place.at(var), file.absolute(), Console(highlight=False))


@app.command()
def rules(year: Annotated[str, typer.Argument(help="2015-16, 2018-19 or 2020-21.")] = "2018-19") -> None:
    """Show a year's incident types: severity, call, appeals, what to do, and where the guides say so."""
    from deploy.console import doorways

    raise typer.Exit(doorways.rules(year))


@app.command(context_settings={"ignore_unknown_options": True})  # -90m is a span, and no option
def clock(
    by: Annotated[str | None, typer.Argument(help="+2d, 1d12h, -90m, reset; only shown if absent.")] = None,
    *,
    var: Dir = HERE,
) -> None:
    """Show or move the sandbox's clock: what is due in days can be seen now."""
    from deploy.console import sandbox_clock

    with plainly():
        place = Place.at(var)
        shows = sandbox_clock.move(place, by) if by else sandbox_clock.shown(place)
        Console(highlight=False).print(f"the services' clock shows {shows:%Y-%m-%d %H:%M:%S} UTC")


@contextmanager
def _database(place: Place) -> Iterator[Notes]:
    """The running system's database; if none runs, the embedded server for as long as the block."""
    if place.notes.exists():
        yield Notes.read(place)
        return
    from deploy.console.postgres import postgres
    from deploy.console.system import notes_for

    with place.alone(), postgres(place) as database:
        yield notes_for(Ports(), database.socket)
