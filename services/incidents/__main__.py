"""``python -m services.incidents VERB``: the verbs of every service, ``rules`` and ``forget-mail``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.console import Console

from services.incidents.bootstrap import INCIDENTS, MAIL
from services.incidents.messaging.mail import MAIL_SOURCE
from services.incidents.read_model.case_mail import forget
from services.incidents.rulebooks.library import DEFAULT_YEAR, Library
from services.incidents.rulebooks.table import show_catalog
from services.incidents.settings import IncidentsSettings
from shared.chassis.command_line import command_line
from shared.chassis.definition import Foundation
from shared.chassis.one_off import one_off
from shared.persistence.faults import translated
from shared.process.exit_codes import DONE, FAILED
from shared.process.verbs import done, run

WIDE = 160  # columns, where nobody watches

app = command_line(INCIDENTS)


@app.command()
def rules(year: Annotated[str, typer.Argument(help="Of which rulebook.")] = DEFAULT_YEAR) -> None:
    """Print the incident types of a year; needs no settings."""
    done(print_rules(year))


@app.command("forget-mail")
def forget_mail() -> None:
    """Follow all mails anew; stop the worker before.

    The service then knows nothing of any mail, and its worker follows them from their beginning.
    """
    done(one_off(INCIDENTS, forget_mails, act="mails_forgotten"))


def print_rules(year: str = DEFAULT_YEAR) -> int:
    """Print them; answers the exit code."""
    library, wide = Library.from_folder(), None if sys.stdout.isatty() else WIDE
    if year not in library.years():
        sys.stderr.write(f"there is no rulebook for {year}: say one of {', '.join(library.years())}\n")
        return FAILED
    show_catalog(library, year, Console(highlight=False, width=wide))
    return DONE


async def forget_mails(base: Foundation[IncidentsSettings]) -> None:
    """Know nothing of any mail; the worker, stopped meanwhile, then follows them from their beginning.

    :raises StoreUnavailable: the database is away.
    """
    with translated():
        async with base.engine.begin() as connection:
            await forget(connection, MAIL, MAIL_SOURCE)


if __name__ == "__main__":
    run(app)
