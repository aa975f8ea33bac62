"""``stairs status`` on one screen."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.console.local.status import ProcessStatus, SystemStatus


def show(status: SystemStatus, screen: Console) -> None:
    """A line for each process; below it, why one is not ready."""
    word = "[bold green]ready[/]" if status.ready else "[bold red]not ready[/]"
    carried = f"Apache Kafka at {status.kafka}" if status.kafka else "the changes feeds"
    screen.print(f"{word}: {status.folder}, events by {carried}", soft_wrap=True)
    table = Table("process", "state", "address", "health", "behind", box=None, padding=(0, 2, 0, 0))
    answers = {each.name: each for each in status.services}
    for name in sorted(status.processes.keys() | answers):
        state = status.processes.get(name, "not running").lower()
        table.add_row(name, state, *_answers(name, answers.get(name), status))
    screen.print(table)
    for each in status.services:
        for what, why in each.reasons.items():
            screen.print(Text(f"{each.name}: {what}: {why}", style="red"), soft_wrap=True)


def _answers(name: str, answer: ProcessStatus | None, status: SystemStatus) -> tuple[str, str, str]:
    if answer is None:
        return (status.mailbox, f"{status.mails} mails", "") if name == "mailbox" else ("", "", "")
    health = "[green]ready[/]" if answer.ready else "[red]not ready[/]"
    behind = f"{answer.behind:g}, {answer.behind_seconds:g} s" if answer.behind else "nothing"
    return answer.url, health, behind if name.endswith("-worker") else ""
