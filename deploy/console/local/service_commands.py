"""The services' one-off verbs, run as processes: migrate before a start, rebuild while the system runs."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from deploy.console.errors import CommandError
from deploy.console.folders import ROOT, StateFolder
from deploy.console.local.programs import plain_environment, service_environment, verb
from deploy.console.local.run_record import RunRecord
from deploy.console.ports import SERVICES


def migrate(state: StateFolder, record: RunRecord) -> None:
    """Bring every service's tables up to date, all at the same time.

    :raises CommandError: one of them cannot; the words are its own.
    """
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        for outcome in [pool.submit(_run, service, "migrate", state, record) for service in SERVICES]:
            outcome.result()


def rebuild(service: str, state: StateFolder, record: RunRecord, *, on_line: Callable[[str], None]) -> None:
    """Make the service's read models anew from its events; each line that it prints is handed on.

    :raises CommandError: it failed; the words are its own.
    """
    run_verb(service, "rebuild", state=state, record=record, on_line=on_line)


def run_verb(
    service: str,
    name: str,
    *words: str,
    state: StateFolder,
    record: RunRecord,
    on_line: Callable[[str], None],
) -> None:
    """Run a verb of the service; each line that it prints is handed on.

    :raises CommandError: it failed; the words are its own.
    """
    code, said = run_verb_with_output(service, name, *words, state=state, record=record, on_line=on_line)
    if code:
        raise CommandError(f"{service} {name} failed\n" + _end(said))


def run_verb_with_output(
    service: str,
    name: str,
    *words: str,
    state: StateFolder,
    record: RunRecord,
    on_line: Callable[[str], None] = lambda _line: None,
) -> tuple[int, list[str]]:
    """Run a verb of the service: its exit code, and all that it said."""
    said: list[str] = []
    with subprocess.Popen(
        verb(service, name, *words),
        cwd=ROOT,
        env=plain_environment() | service_environment(service, state, record),
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


def _run(service: str, name: str, state: StateFolder, record: RunRecord) -> None:
    done = subprocess.run(
        verb(service, name),
        cwd=ROOT,
        env=plain_environment() | service_environment(service, state, record),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError(f"{service} {name} failed\n" + _end(done.stdout.splitlines()))


def _end(lines: Sequence[str]) -> str:
    return "\n".join(lines[-12:])
