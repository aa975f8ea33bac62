"""``stairs demo``: worked examples of the manual, played against the running system by its public doors."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from deploy.console.demo.doors import Doors, Unexpected
from deploy.console.demo.player import Outcome, Player
from deploy.console.demo.report import show
from deploy.console.demo.story import Story, stories
from deploy.console.mailbox import Mail, read_mailbox
from deploy.console.mailpit import read_mailpit
from deploy.console.place import ROOT, Notes, Place
from deploy.console.sandbox_clock import shown
from deploy.console.tokens import LEA, PEOPLE, SCHOOL
from shared.kernel.actor import Role

STORIES = ROOT / "deploy" / "demo"
A_DAY = 86400.0


def play(place: Place, notes: Notes, console: Console, wanted: list[str], within: float) -> bool:
    """Play the wanted stories (all, if none is named); whether everything expected was seen.

    :raises Trouble: no such story, or the directory cannot be set.
    """
    to_play = stories(STORIES, wanted)
    began = time.monotonic()
    with httpx.Client(timeout=30) as http:
        doors = Doors.of(place, notes, within, http)
        fill_directory(doors)
        outcomes = _play_all(to_play, doors, place, mails_of(place, notes, http), console)
    show(outcomes, console)
    seen = not any(outcome.missing for outcome in outcomes)
    mails = sum(outcome.mails.total() for outcome in outcomes)
    carried = "Apache Kafka" if notes.kafka else "the changes feeds"
    verdict = "[bold green]as the manual says[/]" if seen else "[bold red]not as the manual says[/]"
    took = f"{time.monotonic() - began:.1f} s"
    console.print(f"{len(outcomes)} cases, {mails} mails, carried by {carried}, {took}: {verdict}")
    if doors.busy:
        console.print(f"asked again after a 503: {', '.join(doors.busy)}")
    if (since := seconds_since_clone(ROOT, datetime.now(UTC))) is not None:
        console.print(f"from clone to the last mail: {since:.0f} s")
    return seen


def mails_of(place: Place, notes: Notes, http: httpx.Client) -> Callable[[], list[Mail]]:
    """How to look into the system's mailbox: files of a local one, Mailpit's API in containers."""
    if "mailpit" in notes.urls:
        return lambda: read_mailpit(http, notes.urls["mailpit"])
    return lambda: read_mailbox(place.mail)


def fill_directory(doors: Doors) -> None:
    """Who is to be mailed for the sandbox's LEA and school."""
    for cds, role in ((LEA, Role.LEA_COORDINATOR), (SCHOOL, Role.SITE_COORDINATOR)):
        person = PEOPLE[role]
        contact = {"role": role.value, "name": person.name, "email": person.email}
        body = {"contacts": [contact]}
        doors.put("notifications", f"/v1/directory/{cds}", Role.LEA_COORDINATOR, body)


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
    to_play: list[Story], doors: Doors, place: Place, mails: Callable[[], list[Mail]], console: Console
) -> list[Outcome]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    outcomes = []
    with Progress(*columns, console=console) as progress:
        for story in to_play:
            steps = 4 + len(story.steps) + bool(story.appeal) + bool(story.breach_call)
            bar = progress.add_task(story.example, total=steps)
            title = f"[bold]{story.example}[/] {story.title}"

            def say(words: str, bar: TaskID = bar, title: str = title) -> None:
                progress.update(bar, description=f"{title}: [dim]{words}[/]", advance=1)

            outcomes.append(_play_one(story, Player(doors, mails, shown(place), say)))
            progress.update(bar, description=title, completed=steps)
    return outcomes


def _play_one(story: Story, player: Player) -> Outcome:
    outcome = Outcome(story)
    try:
        player.play(outcome)
    except Unexpected as trouble:
        outcome.missing.append(str(trouble))
    return outcome
