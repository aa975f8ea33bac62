"""``stairs dead-letters``: messages that no consumer could handle. Each service answers for its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from deploy.console.errors import CommandError, reporting_errors
from deploy.console.folders import StateFolder
from deploy.console.local.run_record import RunRecord
from deploy.console.ports import SERVICES
from deploy.console.screen import Screen
from deploy.console.verbs.options import HERE, AnyService, AsJson, Dir, OneService

if TYPE_CHECKING:
    from deploy.console.verbs.dead_letter_tables import DeadLetterTables

commands = typer.Typer(
    no_args_is_help=True, help="Messages that could not be handled: list, show, replay, discard."
)

Number = Annotated[int, typer.Argument(help="The dead letter's number in its service.", min=1)]


@commands.command("list")
def list_(
    service: AnyService = None,
    *,
    discarded: Annotated[
        bool, typer.Option("--discarded", help="Those that were discarded instead.")
    ] = False,
    var: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """List those that wait, oldest first: consumer, place, type, reason, attempts, age."""
    with reporting_errors():
        services = [service] if service else SERVICES
        letters = _letters(var, as_json=as_json)
        if discarded:
            letters.show_discarded(services)
        else:
            letters.show_all(services)


@commands.command()
def show(service: OneService, number: Number, *, var: Dir = HERE, as_json: AsJson = False) -> None:
    """Show one with its headers and its value; what looks like an SSID is masked."""
    with reporting_errors():
        _letters(var, as_json=as_json).show(service, number)


@commands.command()
def replay(
    service: OneService,
    numbers: Annotated[list[int] | None, typer.Argument(help="Which; all that wait if none.", min=1)] = None,
    *,
    var: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Give them to their consumer again, oldest first; one that was handled meanwhile has no effect."""
    with reporting_errors():
        everything_went = _letters(var, as_json=as_json).replay(service, numbers or [])
    raise typer.Exit(0 if everything_went else 1)


@commands.command()
def discard(
    service: OneService,
    number: Number,
    reason: Annotated[str, typer.Option("--reason", help="Why nobody needs it; it is recorded.")],
    *,
    by: Annotated[str | None, typer.Option("--by", help="In whose name; else this machine's user.")] = None,
    var: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Discard one. The row stays in the service's database, with reason, time and name."""
    with reporting_errors():
        if not reason.strip():
            raise CommandError('say why: --reason "…"')
        _letters(var, as_json=as_json).discard(service, number, reason.strip(), by and by.strip())


def _letters(var: Dir, *, as_json: bool) -> DeadLetterTables:
    from deploy.console.verbs.dead_letter_tables import DeadLetterTables

    state = StateFolder.at(var)
    return DeadLetterTables(state, RunRecord.read(state), None if as_json else Screen(highlight=False))
