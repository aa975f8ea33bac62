"""``stairs republish``: a progress bar, fed by what the service's own verb prints."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.console.folders import StateFolder
from deploy.console.local import service_commands
from deploy.console.local.run_record import RunRecord

LINE = re.compile(r"^republish (?P<done>\d+)/(?P<total>\d+)$")
END = "republished: "


def republish_with_progress(
    service: str, words: Sequence[str], state: StateFolder, record: RunRecord, console: Console
) -> None:
    """Fill the service's topic again from its facts.

    :raises Trouble: it failed; the words are its own.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task(f"{service} positions", total=None)

        def show(line: str) -> None:
            said = LINE.match(line)
            if said is not None:
                progress.update(bar, completed=int(said["done"]), total=int(said["total"]))
            elif line.startswith(END):
                progress.console.print(line.removeprefix(END), markup=False)

        service_commands.run_verb(service, "republish", *words, state=state, record=record, on_line=show)
