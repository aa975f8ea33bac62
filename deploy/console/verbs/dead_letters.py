"""The verbs of ``stairs dead-letters``. Each is thin: options in, one call, words out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from deploy.console.errors import CommandError, reporting_errors
from deploy.console.folders import StateFolder
from deploy.console.local.run_record import RunRecord
from deploy.console.ports import SERVICES
from deploy.console.verbs.dead_letter_tables import DeadLetters

verbs = typer.Typer(
    no_args_is_help=True, help="Messages that could not be handled: list, show, replay, discard."
)

Dir = Annotated[Path, typer.Option("--dir", help="Where all state is kept.", envvar="STAIRS_DIR")]
Service = Annotated[str, typer.Argument(help="incidents, appeals or notifications.")]
Number = Annotated[int, typer.Argument(help="The letter's number in its service.", min=1)]
HERE = Path("var")


@verbs.command("list")
def list_(
    service: Annotated[
        str | None, typer.Argument(help="incidents, appeals or notifications; all if none.")
    ] = None,
    *,
    discarded: Annotated[bool, typer.Option("--discarded", help="What was given up instead.")] = False,
    var: Dir = HERE,
) -> None:
    """What waits, oldest first: consumer, place, type, reason, attempts, age."""
    with reporting_errors():
        services = [_known(service)] if service else SERVICES
        letters = _letters(var)
        if discarded:
            letters.show_discarded(services)
        else:
            letters.show_all(services)


@verbs.command()
def show(service: Service, number: Number, *, var: Dir = HERE) -> None:
    """One letter with its headers and its value; what looks like an SSID is masked."""
    with reporting_errors():
        _letters(var).show(_known(service), number)


@verbs.command()
def replay(
    service: Service,
    numbers: Annotated[list[int] | None, typer.Argument(help="Which; all that wait if none.", min=1)] = None,
    *,
    var: Dir = HERE,
) -> None:
    """Hand them to their consumer again, oldest first; what was handled meanwhile changes nothing."""
    with reporting_errors():
        everything_went = _letters(var).replay(_known(service), numbers or [])
    raise typer.Exit(0 if everything_went else 1)


@verbs.command()
def discard(
    service: Service,
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="Why nobody needs it; it is recorded.")],
    *,
    by: Annotated[str | None, typer.Option("--by", help="In whose name; else this machine's user.")] = None,
    var: Dir = HERE,
) -> None:
    """Give one up. The row stays in the service's database, with the reason, the time, and who gave it."""
    with reporting_errors():
        if not reason.strip():
            raise CommandError('say why: --reason "…"')
        _letters(var).discard(_known(service), number, reason.strip(), by and by.strip())


def _letters(var: Path) -> DeadLetters:
    state = StateFolder.at(var)
    return DeadLetters(state, RunRecord.read(state), Console(highlight=False))


def _known(service: str) -> str:
    if service not in SERVICES:
        raise CommandError(f"no service {service!r}: say one of {', '.join(SERVICES)}")
    return service
