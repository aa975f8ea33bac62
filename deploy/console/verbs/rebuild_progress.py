"""``stairs rebuild``: one progress bar per read model, fed by what the service's own verb prints."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from deploy.console.folders import StateFolder
from deploy.console.local import service_commands
from deploy.console.local.run_record import RunRecord

LINE = re.compile(r"^rebuild (?P<what>\S+) (?P<done>\d+)/(?P<total>\d+)$")


def rebuild_with_progress(
    services: Sequence[str], state: StateFolder, record: RunRecord, console: Console
) -> None:
    """Rebuild one service after the other.

    :raises Trouble: one of them failed.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        for service in services:
            bars: dict[str, TaskID] = {}

            def show(line: str, service: str = service, bars: dict[str, TaskID] = bars) -> None:
                said = LINE.match(line)
                if said is None:
                    return
                what = said["what"]
                if what not in bars:
                    bars[what] = progress.add_task(f"{service} {what}", total=None)
                progress.update(bars[what], completed=int(said["done"]), total=int(said["total"]))

            service_commands.rebuild(service, state, record, on_line=show)
