"""The end of ``stairs demo``: what was seen of each case, and what was missing."""

from __future__ import annotations

from datetime import datetime

from rich.console import Console, Group
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from deploy.console.demo.player import StoryOutcome
from deploy.console.demo.public_api import Json
from deploy.console.demo.story import PACIFIC

WIDE = 120  # columns; below, cells of the table are too narrow for its words
SEVERITY = {"impropriety": "green", "irregularity": "yellow", "breach": "bold red"}


def show(outcomes: list[StoryOutcome], console: Console) -> None:
    """Print what was seen: a row of a table for each case where there is room, else a block for each."""
    title = "Six cases of the manual" if len(outcomes) == 6 else None
    if console.width >= WIDE:
        console.print(_table(outcomes, title))
    else:
        for outcome in outcomes:
            console.print(_block(outcome))
    for outcome in outcomes:
        for words in outcome.missing:
            console.print(f"[bold red]✗[/] {outcome.story.example}: ", Text(words), sep="")


def _table(outcomes: list[StoryOutcome], title: str | None) -> Table:
    table = Table(title=title, show_lines=True, expand=True)
    for heading, ratio in (("case", 4), ("severity, and why", 6), ("then", 4), ("appeals", 5), ("mails", 6)):
        table.add_column(heading, ratio=ratio, overflow="fold")
    for outcome in outcomes:
        table.add_row(
            _case(outcome), _severity(outcome), _action(outcome), _appeals(outcome), _mails(outcome)
        )
    return table


def _block(outcome: StoryOutcome) -> Group:
    """The same as lines that fit 80 columns."""
    parts = Table.grid(padding=(0, 2, 0, 0))
    parts.add_column(style="dim", no_wrap=True)
    parts.add_column()
    for heading, part in (
        ("severity", _severity(outcome)),
        ("then", _action(outcome)),
        ("appeals", _appeals(outcome)),
        ("mails", _mails(outcome)),
    ):
        parts.add_row(heading, part)
    status = str(outcome.case.get("status", "not played"))
    title = Text(f"{outcome.case.get('case_number') or '-'}  ", style="bold")
    title.append(f"{outcome.story.example}: {outcome.story.title}, {status}")
    return Group(title, Padding(parts, (0, 0, 1, 2)))


def _case(outcome: StoryOutcome) -> Group:
    return Group(
        Text(outcome.case.get("case_number") or "-", style="bold"),
        Text(f"{outcome.story.example}: {outcome.story.title}"),
        Text(str(outcome.case.get("status", "")), style="dim"),
    )


def _severity(outcome: StoryOutcome) -> Group:
    severity = str(outcome.case.get("severity"))
    reason = outcome.case.get("severity_reason") or {}
    return Group(
        Text(severity, style=SEVERITY.get(severity, "")),
        Text(str(reason.get("text", ""))),
        Text(f"rulebook {reason.get('rulebook', '')}: {reason.get('source', '')}", style="dim"),
    )


def _action(outcome: StoryOutcome) -> Group:
    lines = [Text(_words(outcome.case.get("recommended_action")))]
    if outcome.case.get("pre_action"):
        lines.append(Text(f"first: {_words(outcome.case['pre_action'])}", style="bold"))
    late = "late" if outcome.case.get("late") else "in time"
    lines.append(Text(f"report due {_pacific(outcome.case.get('report_due_at'))}, {late}", style="dim"))
    return Group(*lines)


def _appeals(outcome: StoryOutcome) -> Group:
    if not outcome.appeals:
        return Group(Text("none needed", style="dim"))
    return Group(*[line for appeal in outcome.appeals.values() for line in _appeal(appeal)])


def _appeal(appeal: Json) -> list[Text]:
    ended = Text(_words(f"{appeal['appeal_type']} → {appeal['status']}"))
    due = _pacific(appeal.get("decide_by")) if appeal.get("decide_by") else "no published deadline"
    return [ended, Text(f"{appeal['decider']}, decide by {due}", style="dim")]


def _mails(outcome: StoryOutcome) -> Group:
    return Group(
        *[
            Text(f"✉ {_words(kind)}" + (f" × {count}" if count > 1 else ""))
            + Text(" → " + ", ".join(address.partition("@")[0] for address in to), style="dim")
            for (kind, to), count in sorted(outcome.mails.items())
        ]
    )


def _words(code: object) -> str:
    """A code as people say it, so that it may also break at a line's end."""
    return str(code).replace("_", " ")


def _pacific(instant: str | None) -> str:
    if not instant:
        return "-"
    return f"{datetime.fromisoformat(instant).astimezone(PACIFIC):%a %b %d, %H:%M} PT"
