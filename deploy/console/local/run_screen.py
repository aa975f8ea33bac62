"""``stairs run``: the system, what a person sees of it, and its orderly end."""

from __future__ import annotations

import logging
import time
from contextlib import suppress

from rich.console import Console
from rich.table import Table

from deploy.console.local.log_view import LogScreen
from deploy.console.local.run_options import RunOptions
from deploy.console.local.system import LocalSystem, Stopped, stopped_by_signals, system

LOOK_EVERY = 0.2  # seconds between two looks at the logs
CHECK_EVERY = 1.0  # seconds between two looks at what the supervisor does not keep


def keep_running(options: RunOptions, console: Console, *, level: int = logging.WARNING) -> None:
    """Run until somebody stops it.

    :param level: of the logs' lines that are shown as well; all are in their files.
    :raises Trouble: it cannot start, or it fell.
    """

    def say(words: str) -> None:
        console.print(f"  [dim]·[/] {words}")

    with stopped_by_signals(), suppress(Stopped), system(options, say=say) as running:
        announce(options, running, console)
        _watch(options, running, console, level)
    console.print("[bold]stopped[/]")


def announce(options: RunOptions, running: LocalSystem, console: Console) -> None:
    """The addresses, the tokens, and what to do next."""
    record = running.record
    table = Table.grid(padding=(0, 2))
    for name, url in record.urls.items():
        table.add_row(f"[bold]{name}[/]", url, f"[dim]{url}/docs[/]")
    table.add_row(
        "[bold]mailbox[/]", f"smtp://127.0.0.1:{record.ports['smtp']}", f"[dim]{options.state.mail}[/]"
    )
    if record.kafka:
        table.add_row(
            "[bold]kafka[/]", record.kafka, "[dim]stairs.incidents.v1, …appeals.v1, …notifications.v1[/]"
        )
    table.add_row("[bold]logs[/]", "every line of them", f"[dim]{options.state.log}[/]")
    console.print(table)
    console.print("\n[bold]tokens[/] [dim](valid 30 days; others: stairs token ROLE --help)[/]")
    for role, token in running.tokens.items():
        console.print(f"[cyan]{role}[/] [dim]{options.state.tokens / role}.jwt[/]\n{token}", soft_wrap=True)
    console.print(
        f"\n[bold green]ready[/] after {record.seconds_to_ready} s. In a second terminal: [bold]make demo[/]"
    )
    console.print("[dim]Ctrl-C stops everything, in order.[/]\n")


def _watch(options: RunOptions, running: LocalSystem, console: Console, level: int) -> None:
    screen = LogScreen(options.state.log, running.names, console, level)
    checked = time.monotonic()
    while True:
        screen.show_news()
        if time.monotonic() - checked > CHECK_EVERY:
            running.check()
            checked = time.monotonic()
        time.sleep(LOOK_EVERY)
