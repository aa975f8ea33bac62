"""``python -m services.incidents VERB``: the verbs of every service, ``rules``, ``forget-mail``, ``keys``."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console

from services.incidents.bootstrap import INCIDENTS, MAIL
from services.incidents.messaging.mail import MAIL_SOURCE
from services.incidents.providers.key_rotation import (
    Epoch,
    Rotated,
    RotationRefused,
    epochs,
    retire,
    rotate,
)
from services.incidents.providers.keyring import read_keyring
from services.incidents.read_model.case_mail import forget
from services.incidents.rulebooks.library import DEFAULT_YEAR, Library
from services.incidents.rulebooks.table import show_catalog
from services.incidents.settings import IncidentsSettings
from shared.chassis.command_line import command_line
from shared.chassis.definition import Foundation
from shared.chassis.one_off import at_the_keyboard, one_off
from shared.persistence.faults import translated
from shared.process.exit_codes import DONE, FAILED
from shared.process.verbs import AsJson, done, group, run, say, say_words

WIDE = 160  # columns, where nobody watches

Base = Foundation[IncidentsSettings]

app = command_line(INCIDENTS)
keys = group("The key-encryption keys in INCIDENTS_KEK_FILE, and what is wrapped under them.")
app.add_typer(keys, name="keys")


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


@keys.command("show")
def show_epochs(*, as_json: AsJson = False) -> None:
    """Show the epochs: how many keys of students each has, and whether the file has it."""

    async def work(base: Base) -> None:
        for epoch in await epochs(base.settings.database_url, read_keyring(base.settings.kek_file)):
            say(asdict(epoch)) if as_json else say_words(epoch_in_words(epoch))

    done(one_off(INCIDENTS, work))


@keys.command("rotate")
def rotate_keys(*, as_json: AsJson = False) -> None:
    """Wrap every key of a student anew, under the newest epoch in the file, while the service runs.

    Repeat it if it was killed. Add an epoch to the file before: `stairs keys rotate` does both.
    """
    told: dict[str, Any] = {}

    def tell(moved: int, total: int) -> None:
        say({"done": moved, "of": total}) if as_json else say_words(f"keys {moved}/{total}")

    async def work(base: Base) -> int:
        did = await rotate(base.settings.database_url, read_keyring(base.settings.kek_file), tell)
        answer = asdict(did) | {"keys_per_cpu_second": did.keys_per_cpu_second}
        told.update({name: answer[name] for name in ("epoch", "moved", "removed", "unopened", "busy")})
        say(answer) if as_json else say_words(rotated_in_words(did))
        return FAILED if did.unopened or did.busy else DONE

    done(one_off(INCIDENTS, unless_refused(work), act="keys_rotated", as_owner=True, told=told))


@keys.command("retire")
def retire_epoch(
    epoch: Annotated[int, typer.Argument(min=1, help="Which epoch.")], *, as_json: AsJson = False
) -> None:
    """Let no key be wrapped under an old epoch any more; refused while a key still needs it.

    Its line may then be taken out of the file: `stairs keys retire` does both.
    """

    async def work(base: Base) -> int:
        ring = read_keyring(base.settings.kek_file)
        await retire(base.settings.database_url, ring, epoch, at_the_keyboard())
        say({"retired": epoch}) if as_json else say_words(f"epoch {epoch} is retired")
        return DONE

    told = {"epoch": epoch}
    done(one_off(INCIDENTS, unless_refused(work), act="key_epoch_retired", as_owner=True, told=told))


def unless_refused(work: Callable[[Base], Awaitable[int]]) -> Callable[[Base], Awaitable[int]]:
    """The work; where it is refused, the reason on standard error and exit code 1."""

    async def working(base: Base) -> int:
        try:
            return await work(base)
        except RotationRefused as refusal:
            sys.stderr.write(f"{refusal}\n")
            return FAILED

    return working


def epoch_in_words(epoch: Epoch) -> str:
    """A line for people."""
    name = "of no known form" if epoch.epoch is None else f"epoch {epoch.epoch}"
    notes = [*([] if epoch.in_file else ["not in the file"]), *(["retired"] if epoch.retired else [])]
    return f"{name}: {epoch.keys} keys of students" + (f", {', '.join(notes)}" if notes else "")


def rotated_in_words(did: Rotated) -> str:
    """Lines for people."""
    lines = [f"{did.moved} keys moved to epoch {did.epoch}: {did.keys_per_cpu_second} in a CPU second"]
    if did.removed:
        lines.append(f"{did.removed} keys of erased students removed")
    if did.unopened:
        lines.append(f"{did.unopened} keys do not open and were left: the log names them")
    if did.busy:
        lines.append(f"{did.busy} keys are held by other sessions: repeat it")
    return "\n".join(lines)


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
