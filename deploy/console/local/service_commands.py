"""The services' one-off verbs, run as processes: migrate before a start, rebuild while the system runs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from deploy.console.errors import Trouble
from deploy.console.folders import ROOT, Place
from deploy.console.local.programs import plain_environment, service_environment, verb
from deploy.console.local.run_record import Notes
from deploy.console.ports import SERVICES


def migrate(place: Place, notes: Notes) -> None:
    """Bring every service's tables up to date, all at the same time.

    :raises Trouble: one of them cannot; the words are its own.
    """
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        for outcome in [pool.submit(_run, service, "migrate", place, notes) for service in SERVICES]:
            outcome.result()


def rebuild(service: str, place: Place, notes: Notes, *, on_line: Callable[[str], None]) -> None:
    """Make the service's read models anew from its events; each line that it prints is handed on.

    :raises Trouble: it failed; the words are its own.
    """
    followed(service, "rebuild", place=place, notes=notes, on_line=on_line)


def followed(
    service: str, name: str, *words: str, place: Place, notes: Notes, on_line: Callable[[str], None]
) -> None:
    """Run a verb of the service; each line that it prints is handed on.

    :raises Trouble: it failed; the words are its own.
    """
    code, said = heard(service, name, *words, place=place, notes=notes, on_line=on_line)
    if code:
        raise Trouble(f"{service} {name} failed\n" + _end(said))


def heard(
    service: str,
    name: str,
    *words: str,
    place: Place,
    notes: Notes,
    on_line: Callable[[str], None] = lambda _line: None,
) -> tuple[int, list[str]]:
    """Run a verb of the service: its exit code, and all that it said."""
    said: list[str] = []
    with subprocess.Popen(
        verb(service, name, *words),
        cwd=ROOT,
        env=plain_environment() | service_environment(service, place, notes),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        for line in process.stdout or ():
            said.append(line.rstrip())
            on_line(said[-1])
    return process.returncode, said


def rules(year: str) -> int:
    """Print a year's rules to our own standard output; answers the exit code."""
    return subprocess.run(verb("incidents", "rules", year), cwd=ROOT, check=False).returncode


def _run(service: str, name: str, place: Place, notes: Notes) -> None:
    done = subprocess.run(
        verb(service, name),
        cwd=ROOT,
        env=plain_environment() | service_environment(service, place, notes),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Trouble(f"{service} {name} failed\n" + _end(done.stdout.splitlines()))


def _end(lines: Sequence[str]) -> str:
    return "\n".join(lines[-12:])
