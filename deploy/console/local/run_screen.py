"""``stairs run``: the system, what a person sees of it, and its orderly end."""

from __future__ import annotations

import logging
import sys
import time
from contextlib import suppress
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from deploy.console.folders import StateFolder
from deploy.console.local.log_view import LogScreen
from deploy.console.local.run_options import RunOptions
from deploy.console.local.system import LocalSystem, Stopped, stopped_by_signals, system
from shared.http.signing_key import HOURS

LOOK_EVERY = 0.2  # seconds between two looks at the logs
CHECK_EVERY = 1.0  # seconds between two looks at what the supervisor does not keep


class StepLines:
    """The steps of a start or an end: a line for each, on a terminal with the seconds that it takes."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._progress: Progress | None = None

    def begin(self, words: str) -> None:
        """The step before is done, and this one begins."""
        if not self._console.is_terminal:
            self._console.print(f"  · {words}")
            return
        if self._progress is None:
            columns = (
                SpinnerColumn(finished_text="·"),
                TextColumn("{task.description}"),
                TimeElapsedColumn(),
            )
            self._progress = Progress(TextColumn(" "), *columns, console=self._console)
            self._progress.start()
        self._finish(self._progress)
        self._progress.add_task(words, total=1)

    def end(self) -> None:
        """The last step is done."""
        if self._progress is not None:
            self._finish(self._progress)
            self._progress.stop()
            self._progress = None

    @staticmethod
    def _finish(progress: Progress) -> None:
        for task in progress.task_ids:
            progress.update(task, completed=1)


def keep_running(options: RunOptions, console: Console, *, level: int = logging.WARNING) -> None:
    """Run until Ctrl-C or a signal stops it.

    :param level: of the logs' lines that are shown as well; all are in their files.
    :raises CommandError: it cannot start, or it fell.
    """
    steps = StepLines(console)
    try:
        with stopped_by_signals(), suppress(Stopped), system(options, say=steps.begin) as running:
            steps.end()
            announce(options.state, running, console)
            _watch(options, running, console, level)
    finally:
        steps.end()
    console.print("[bold]stopped[/]")


def announce(state: StateFolder, running: LocalSystem, console: Console) -> None:
    """One screen of 80 × 24: addresses, where tokens, mails and logs are, and what to do next."""
    record = running.record
    table = Table.grid(padding=(0, 2))
    for name, url in record.urls.items():
        table.add_row(f"[bold]{name}[/]", f"{url}/docs")
    mailbox = record.smtp or f"smtp://127.0.0.1:{record.ports['smtp']}"
    table.add_row("[bold]mailbox[/]", mailbox)
    if record.kafka:
        table.add_row("[bold]kafka[/]", record.kafka)
    for name, path in (("mails", state.mail), ("logs", state.log), ("tokens", state.tokens / "ROLE.jwt")):
        table.add_row(f"[bold]{name}[/]", str(shortened(path)))
    table.add_row("", f"[dim]one for each role, valid {HOURS:.0f} hours[/]")
    console.print(f"\n[bold green]ready[/] after {record.seconds_to_ready} s\n")
    console.print(table, soft_wrap=True)
    make, stairs = next_commands(state)
    console.print("\nIn a second terminal:\n", soft_wrap=True)
    console.print(
        f"  [bold]{make}[/]\n      [dim]six real cases, from filing to the e-mail[/]", soft_wrap=True
    )
    console.print(f"  [bold]{stairs}[/]\n      [dim]a token for your own requests[/]\n", soft_wrap=True)
    console.print("[dim]Warnings and errors follow. Ctrl-C stops everything, in order.[/]")


def next_commands(state: StateFolder) -> tuple[str, str]:
    """What a person types next, for this folder."""
    usual = state.var == Path("var").resolve()
    program = Path(sys.argv[0])
    stairs = str(shortened(program.absolute())) if program.name == "stairs" else "python -m deploy.console"
    folder = "" if usual else f" --dir {shortened(state.var)}"
    return (
        "make demo" if usual else f"make demo VAR={shortened(state.var)}",
        f"{stairs} token lea_coordinator{folder}",
    )


def shortened(path: Path) -> Path:
    """The path from here, if it lies below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _watch(options: RunOptions, running: LocalSystem, console: Console, level: int) -> None:
    screen = LogScreen(options.state.log, running.names, console, level)
    checked = time.monotonic()
    while True:
        screen.show_news()
        if time.monotonic() - checked > CHECK_EVERY:
            running.check()
            checked = time.monotonic()
        time.sleep(LOOK_EVERY)
