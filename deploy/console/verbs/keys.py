"""``stairs keys``: the key-encryption keys of the students' keys, by epoch (ADR 0007)."""

from __future__ import annotations

from typing import Annotated

import typer

from deploy.console.errors import CommandError, reporting_errors
from deploy.console.folders import StateFolder
from deploy.console.screen import Screen
from deploy.console.verbs.data import database_of
from deploy.console.verbs.options import HERE, AsJson, Dir, print_json

commands = typer.Typer(
    no_args_is_help=True, help="The key that wraps the students' keys: show its epochs, rotate, retire one."
)

FilesOnly = Annotated[
    bool,
    typer.Option("--files-only", help="Change the files only; the database is seen to in its container."),
]


@commands.command()
def show(*, var: Dir = HERE, as_json: AsJson = False) -> None:
    """List the epochs: how many students' keys each wraps, whether the file has it, whether it is retired."""
    from deploy.console.local import service_commands

    with reporting_errors():
        state, screen = StateFolder.at(var), Screen(highlight=False)
        with database_of(state) as record:
            answers = service_commands.ask("incidents", "keys", "show", state=state, record=record).or_error()
        for answer in answers:
            if as_json:
                print_json(answer)
            else:
                screen.print(_in_words(answer), markup=False, soft_wrap=True)


@commands.command()
def rotate(*, files_only: FilesOnly = False, var: Dir = HERE, as_json: AsJson = False) -> None:
    """Make a new key, and wrap every student's key under it, while the system runs.

    Repeat it if it was killed: it goes on with the key that it made. The old key stays until `stairs keys
    retire`. --json prints the progress, {"done": n, "of": total}, and last what was done: {"epoch": …}.
    """
    from deploy.console.keys.epochs import add_epoch
    from deploy.console.verbs.progress import rotate_with_progress

    with reporting_errors():
        state, screen = StateFolder.at(var), None if as_json else Screen(highlight=False)
        if files_only:
            _tell_of_file(add_epoch(state), as_json=as_json)
            return
        with database_of(state) as record:
            rotate_with_progress(state, record, screen)


@commands.command()
def retire(
    epoch: Annotated[int, typer.Argument(min=1, help="Which epoch, as `stairs keys show` names it.")],
    *,
    files_only: FilesOnly = False,
    var: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """End an old epoch and take its key out of the file; refused while a student's key still needs it.

    Backups from before the rotation can be read with that key only: keep a copy of it as long as them.
    """
    from deploy.console.keys.epochs import drop_epoch
    from deploy.console.local import service_commands

    with reporting_errors():
        state = StateFolder.at(var)
        if not files_only:
            with database_of(state) as record:
                words = ("keys", "retire", str(epoch))
                service_commands.ask("incidents", *words, state=state, record=record).or_error()
        dropped = drop_epoch(state, epoch)
        if files_only and not dropped:
            raise CommandError(f"no file of {state.var} has an epoch {epoch}")
        if as_json:
            print_json({"retired": epoch})
        else:
            told = f"epoch {epoch} is taken out of the file" if files_only else f"epoch {epoch} is retired"
            Screen(highlight=False).print(told)


def _tell_of_file(epoch: int, *, as_json: bool) -> None:
    if as_json:
        print_json({"epoch": epoch})
    else:
        Screen(highlight=False).print(f"epoch {epoch} is in the file; next, move the keys to it")


def _in_words(answer: dict[str, object]) -> str:
    name = "of no known form" if answer["epoch"] is None else f"epoch {answer['epoch']}"
    notes = [
        *([] if answer["in_file"] else ["not in the file"]),
        *(["retired"] if answer["retired"] else []),
    ]
    return f"{name}: {answer['keys']} students' keys" + (f", {', '.join(notes)}" if notes else "")
