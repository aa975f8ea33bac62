"""What a person sees of ``stairs backup`` and ``stairs restore``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.progress import DownloadColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.console.backup.creating import back_up
from deploy.console.backup.restoring import restore
from deploy.console.folders import StateFolder
from deploy.console.ports import SERVICES


def back_up_with_progress(state: StateFolder, socket: str, path: Path, console: Console) -> None:
    """Write a backup; a line per database, and where it ended.

    :raises Trouble: it cannot be made.
    """
    columns = (TextColumn("{task.description}"), DownloadColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bars = {name: progress.add_task(name, total=None) for name in SERVICES}
        positions = back_up(
            state, socket, path, lambda name, size: progress.update(bars[name], completed=size)
        )
    console.print(f"{path}: {path.stat().st_size / 1e6:.1f} MB, up to {_words(positions)}", soft_wrap=True)
    console.print("it holds the keys: whoever can read it can read every SSID", style="dim")


def restore_and_tell(state: StateFolder, path: Path, console: Console) -> None:
    """Bring it back; what it was, and what to do next.

    :raises Trouble: it cannot be brought back.
    """
    manifest = restore(state, path, lambda words: console.print(f"  [dim]·[/] {words}", soft_wrap=True))
    console.print(f"restored up to {_words(manifest.positions)}. Next: [bold]stairs run[/]", soft_wrap=True)


def _words(positions: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {position}" for name, position in positions.items())
