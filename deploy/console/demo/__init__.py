"""``stairs demo``: worked examples of the manual, played against the running system by its public APIs."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Column

from deploy.console.demo.mailpit import read_mailpit
from deploy.console.demo.player import Player, StoryOutcome
from deploy.console.demo.public_api import PublicApi, UnexpectedAnswer
from deploy.console.demo.report import show
from deploy.console.demo.story import Story, stories
from deploy.console.folders import ROOT, StateFolder
from deploy.console.keys.tokens import LEA, PEOPLE, SCHOOL
from deploy.console.local.mailbox import ReceivedMail, read_mailbox
from deploy.console.local.run_record import RunRecord
from deploy.console.local.sandbox_clock import shown
from shared.kernel.actor import Role

STORIES = ROOT / "deploy" / "demo"
A_DAY = 86400.0


def play(state: StateFolder, record: RunRecord, console: Console, wanted: list[str], within: float) -> bool:
    """Play the wanted stories (all, if none is named); whether everything expected was seen.

    :raises Trouble: no such story, or the directory cannot be set.
    """
    to_play = stories(STORIES, wanted)
    began = time.monotonic()
    with httpx.Client(timeout=30) as http:
        api = PublicApi.of(state, record, within, http)
        fill_directory(api)
        outcomes = _play_all(to_play, api, state, mails_of(state, record, http), console)
    show(outcomes, console)
    seen = not any(outcome.missing for outcome in outcomes)
    mails = sum(outcome.mails.total() for outcome in outcomes)
    carried = "Apache Kafka" if record.kafka else "the changes feeds"
    verdict = "[bold green]as the manual says[/]" if seen else "[bold red]not as the manual says[/]"
    took = f"{time.monotonic() - began:.1f} s"
    console.print(f"{len(outcomes)} cases, {mails} mails, carried by {carried}, {took}: {verdict}")
    if api.busy:
        console.print(f"asked again after a 503: {', '.join(api.busy)}")
    if (since := seconds_since_clone(ROOT, datetime.now(UTC))) is not None:
        console.print(f"from clone to the last mail: {since:.0f} s")
    return seen


def mails_of(state: StateFolder, record: RunRecord, http: httpx.Client) -> Callable[[], list[ReceivedMail]]:
    """How to look into the system's mailbox: files of a local one, Mailpit's API in containers."""
    if "mailpit" in record.urls:
        return lambda: read_mailpit(http, record.urls["mailpit"])
    return lambda: read_mailbox(state.mail)


def fill_directory(api: PublicApi) -> None:
    """Who is to be mailed for the sandbox's LEA and school."""
    for cds, role in ((LEA, Role.LEA_COORDINATOR), (SCHOOL, Role.SITE_COORDINATOR)):
        person = PEOPLE[role]
        contact = {"role": role.value, "name": person.name, "email": person.email}
        body = {"contacts": [contact]}
        api.put("notifications", f"/v1/directory/{cds}", Role.LEA_COORDINATOR, body)


def seconds_since_clone(tree: Path, now: datetime) -> float | None:
    """How long ago this tree was cloned, by git's own note of it; None if not today, or not a clone."""
    log = tree / ".git" / "logs" / "HEAD"
    if not log.is_file():
        return None
    who, _, what = log.read_text().partition("\n")[0].partition("\t")
    if not what.startswith("clone:"):
        return None
    since = now.timestamp() - int(who.split()[-2])
    return since if 0 <= since < A_DAY else None


def _play_all(
    to_play: list[Story],
    api: PublicApi,
    state: StateFolder,
    mails: Callable[[], list[ReceivedMail]],
    console: Console,
) -> list[StoryOutcome]:
    words = Column(ratio=1, no_wrap=True, overflow="ellipsis")  # one line for each case, at any width
    text = TextColumn("{task.description}", table_column=words)
    columns = (SpinnerColumn(), text, BarColumn(bar_width=10), TimeElapsedColumn())
    outcomes = []
    with Progress(*columns, console=console, expand=True) as progress:
        for story in to_play:
            steps = 4 + len(story.steps) + bool(story.appeal) + bool(story.breach_call)
            bar = progress.add_task(story.example, total=steps)
            title = f"[bold]{story.example}[/] {story.title}"

            def say(words: str, bar: TaskID = bar, title: str = title) -> None:
                progress.update(bar, description=f"{title}: [dim]{words}[/]", advance=1)

            outcomes.append(_play_one(story, Player(api, mails, shown(state), say)))
            progress.update(bar, description=title, completed=steps)
    return outcomes


def _play_one(story: Story, player: Player) -> StoryOutcome:
    outcome = StoryOutcome(story)
    try:
        player.play(outcome)
    except UnexpectedAnswer as trouble:
        outcome.missing.append(str(trouble))
    return outcome
