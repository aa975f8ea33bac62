"""What a person sees while read models, topics and backups are made; a script gets the same as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from deploy.console.backup.creating import back_up
from deploy.console.backup.restoring import KeySource, restore
from deploy.console.errors import CommandError
from deploy.console.folders import StateFolder
from deploy.console.keys.epochs import add_epoch
from deploy.console.keys.sealing import Sealing
from deploy.console.local import service_commands
from deploy.console.local.run_record import RunRecord
from deploy.console.local.service_commands import Answer
from deploy.console.ports import SERVICES
from deploy.console.verbs.options import print_json


def rebuild_with_progress(
    services: Sequence[str], state: StateFolder, record: RunRecord, screen: Console | None
) -> None:
    """Rebuild one service after the other, with a bar for each read model.

    :param screen: None prints JSON.
    :raises CommandError: one of them failed; with the error of the service.
    """
    with _bars(screen) as progress:
        for service in services:
            bars: dict[str, TaskID] = {}

            def show(answer: Answer, service: str = service, bars: dict[str, TaskID] = bars) -> None:
                if screen is None:
                    print_json({"service": service, **answer})
                elif "rebuild" in answer:
                    name = answer["rebuild"]
                    if name not in bars:
                        bars[name] = progress.add_task(f"{service} {name}", total=None)
                    progress.update(bars[name], completed=answer["done"], total=answer["of"])

            service_commands.ask(service, "rebuild", state=state, record=record, on_answer=show).or_error()


def republish_with_progress(
    service: str, words: Sequence[str], state: StateFolder, record: RunRecord, screen: Console | None
) -> None:
    """Fill the service's topic again from its events, with a bar, and say at the end what was done.

    :param screen: None prints JSON.
    :raises CommandError: it failed; with the error of the service.
    """
    with _bars(screen) as progress:
        bar = progress.add_task(f"{service} positions", total=None)

        def show(answer: Answer) -> None:
            if screen is None:
                print_json({"service": service, **answer})
            elif "published" in answer:
                went = "would go" if answer["dry_run"] else "went"
                span = f"positions {answer['from']} to {answer['to']}"
                told = f"{answer['published']} events of the {span} {went} to stairs.{service}.v1"
                progress.console.print(told, markup=False, soft_wrap=True)
            elif "done" in answer:
                progress.update(bar, completed=answer["done"], total=answer["of"])

        service_commands.ask(
            service, "republish", *words, state=state, record=record, on_answer=show
        ).or_error()


def rotate_with_progress(state: StateFolder, record: RunRecord, screen: Console | None) -> None:
    """Make a new key-encryption key, unless the newest is not in use everywhere yet, and move all keys to it.

    :param screen: None prints JSON.
    :raises CommandError: the file is not that of these keys, or it failed; with the error of the service.
    """
    known = service_commands.ask("incidents", "keys", "show", state=state, record=record).or_error()
    newest = _epoch_to_go_on_with(known)
    if newest is None:
        newest = add_epoch(state, above=max(answer["epoch"] or 0 for answer in known))
    with _bars(screen) as progress:
        bar = progress.add_task(f"keys to epoch {newest}", total=None)

        def show(answer: Answer) -> None:
            if screen is None:
                print_json(answer)
            elif "done" in answer:
                progress.update(bar, completed=answer["done"], total=answer["of"])
            else:
                told = f"{answer['moved']} students' keys are wrapped under epoch {answer['epoch']}"
                rate = f"{answer['keys_per_cpu_second']} in a CPU second"
                progress.console.print(f"{told}: {rate}", markup=False, soft_wrap=True)

        service_commands.ask(
            "incidents", "keys", "rotate", state=state, record=record, on_answer=show
        ).or_error()


def _epoch_to_go_on_with(known: Sequence[Answer]) -> int | None:
    """The newest epoch, where a rotation to it was begun and did not end; None: make another.

    :raises CommandError: the file has not all keys that are in use; a new one would get the number of one.
    """
    missing = [answer for answer in known if answer["keys"] and answer["epoch"] and not answer["in_file"]]
    if missing:
        epochs = ", ".join(str(answer["epoch"]) for answer in missing)
        raise CommandError(f"the key file has no key of epoch {epochs}, which is in use: bring it back")
    in_file = [answer for answer in known if answer["in_file"]]
    newest = in_file[-1]
    older_in_use = any(answer["keys"] for answer in in_file[:-1])
    unused = len(in_file) > 1 and not newest["keys"]
    return int(newest["epoch"]) if older_in_use or unused else None


def back_up_with_progress(
    state: StateFolder, socket: str, path: Path, screen: Console, sealing: Sealing | None
) -> Mapping[str, int]:
    """Write a backup, with a line for each database; the positions that it reaches.

    :raises CommandError: it cannot be made.
    """
    columns = (TextColumn("{task.description}"), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen) as progress:
        bars = {name: progress.add_task(name, total=None) for name in SERVICES}
        positions = back_up(
            state, socket, path, lambda name, size: progress.update(bars[name], completed=size), sealing
        )
    screen.print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, up to {_words(positions)}", soft_wrap=True)
    told = "it holds the keys, sealed" if sealing else f"it holds no keys: keep {state.keys} apart from it"
    screen.print(f"{told}; whoever has both can read every SSID", style="dim", soft_wrap=True)
    return positions


def restore_and_tell(state: StateFolder, path: Path, screen: Console, source: KeySource) -> None:
    """Bring a backup back; say what it was, and what to do next.

    :raises CommandError: it cannot be brought back.
    """

    def say(words: str) -> None:
        screen.print(f"  [dim]·[/] {words}", soft_wrap=True)

    manifest = restore(state, path, say, source)
    screen.print(f"restored up to {_words(manifest.positions)}. Next: [bold]stairs run[/]", soft_wrap=True)


def _bars(screen: Console | None) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=screen, disable=screen is None)


def _words(positions: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {position}" for name, position in positions.items())
