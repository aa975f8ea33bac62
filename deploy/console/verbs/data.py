"""Commands about stored data: migrate, rebuild, republish, backup, restore."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.console.errors import CommandError, reporting_errors
from deploy.console.folders import StateFolder
from deploy.console.local.run_record import RunRecord, record_for
from deploy.console.ports import SERVICES, Ports
from deploy.console.screen import Screen
from deploy.console.verbs.options import HERE, AnyService, AsJson, Dir, OneService, print_json

if TYPE_CHECKING:
    from deploy.console.keys.sealing import Sealing

PassphraseFile = Annotated[
    Path | None, typer.Option(help="A file with the passphrase of the keys, in its first line.")
]

commands = typer.Typer()


@commands.command()
def migrate(*, var: Dir = HERE) -> None:
    """Bring the tables of every service up to date; `stairs run` does it by itself."""
    from deploy.console.local import service_commands

    with reporting_errors():
        state = StateFolder.at(var)
        with database_of(state) as record:
            service_commands.migrate(state, record)
    print(f"tables of {', '.join(SERVICES)} are up to date")


@commands.command()
def rebuild(service: AnyService = None, *, var: Dir = HERE, as_json: AsJson = False) -> None:
    """Build read models again from the events, beside those in use, while the system runs.

    --json prints the progress: {"service": …, "rebuild": NAME, "done": n, "of": total}.
    """
    from deploy.console.verbs.progress import rebuild_with_progress

    with reporting_errors():
        state = StateFolder.at(var)
        services = [service] if service else list(SERVICES)
        with database_of(state) as record:
            rebuild_with_progress(services, state, record, None if as_json else Screen(highlight=False))


@commands.command()
def republish(
    service: OneService,
    *,
    start: Annotated[int, typer.Option("--from", help="The first position.", min=1)],
    end: Annotated[
        int | None, typer.Option("--to", help="The last position; else the last published.", min=1)
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Count only.")] = False,
    var: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Fill a lost topic again from the event store: same ids, in order; consumers notice nothing.

    --json prints the progress, {"service": …, "done": n, "of": total}, and last what was done:
    {"service": …, "published": n, "from": a, "to": b, "dry_run": false}.
    """
    from deploy.console.verbs.progress import republish_with_progress

    with reporting_errors():
        state = StateFolder.at(var)
        words = ["--from", str(start)]
        words += ["--to", str(end)] if end else []
        words += ["--dry-run"] if dry_run else []
        screen = None if as_json else Screen(highlight=False)
        republish_with_progress(service, words, state, RunRecord.read(state), screen)


@commands.command()
def backup(
    file: Annotated[Path, typer.Argument(help="Where to write it; the file must not exist yet.")],
    *,
    with_keys: Annotated[
        bool, typer.Option("--with-keys", help="Put the keys in as well, sealed by what follows.")
    ] = False,
    recipient: Annotated[list[str] | None, typer.Option(help="For whom: age1…; may be repeated.")] = None,
    passphrase_file: PassphraseFile = None,
    var: Dir = HERE,
    as_json: AsJson = False,
) -> None:
    """Write the databases into one file; the system may run meanwhile.

    The keys, without which no SSID can be read, are not in it: keep var/keys apart from it.
    --json prints {"file": …, "bytes": n, "positions": {SERVICE: n}}.
    """
    from deploy.console.backup.creating import refuse_nothing
    from deploy.console.verbs.progress import back_up_with_progress

    with reporting_errors():
        state, path = StateFolder.at(var), file.absolute()
        refuse_nothing(state)
        sealing = _sealing(recipient or [], passphrase_file, asked=with_keys)
        with database_of(state) as record:
            if as_json:
                positions = back_up_with_progress(state, record.socket, path, Screen(quiet=True), sealing)
                print_json({"file": str(path), "bytes": path.stat().st_size, "positions": positions})
            else:
                back_up_with_progress(state, record.socket, path, Screen(highlight=False), sealing)


@commands.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `stairs backup` wrote.")],
    *,
    keys: Annotated[Path | None, typer.Option(help="A folder with the keys, as var/keys was.")] = None,
    identity: Annotated[Path | None, typer.Option(help="A file of age-keygen that opens the keys.")] = None,
    passphrase_file: PassphraseFile = None,
    var: Dir = HERE,
) -> None:
    """Bring a backup back, into a folder without data; then `stairs run` continues from there."""
    from deploy.console.backup.restoring import KeySource
    from deploy.console.keys.sealing import first_line
    from deploy.console.verbs.progress import restore_and_tell

    with reporting_errors():
        if keys is not None and not keys.is_dir():
            raise CommandError(f"there is no folder {keys}")
        source = KeySource(keys, identity, first_line(passphrase_file) if passphrase_file else None)
        restore_and_tell(StateFolder.at(var), file.absolute(), Screen(highlight=False), source)


def _sealing(recipients: list[str], passphrase_file: Path | None, *, asked: bool) -> Sealing | None:
    """For whom the keys go along.

    :raises CommandError: somebody says for whom, and not that they go along; or the other way round.
    """
    from deploy.console.keys.sealing import Sealing, first_line

    if not asked:
        if recipients or passphrase_file:
            raise CommandError("say --with-keys, or leave --recipient and --passphrase-file out")
        return None
    return Sealing.of(recipients, first_line(passphrase_file) if passphrase_file else None)


@contextmanager
def database_of(state: StateFolder) -> Iterator[RunRecord]:
    """The running system's database; if none runs, the embedded server for as long as the block."""
    if state.run_record.exists():
        yield RunRecord.read(state)
        return
    from deploy.console.local.postgres import postgres

    with state.alone(), postgres(state) as database:
        yield record_for(Ports(), database.socket)
