"""One-off commands of the services, run as processes: ``python -m services.NAME VERB …``.

With ``--json`` a service prints one JSON object per line on standard output, and its log on standard error.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, Any

from deploy.console.errors import CommandError
from deploy.console.folders import ROOT, StateFolder
from deploy.console.local.programs import (
    owner_environment,
    plain_environment,
    service_environment,
    verb,
)
from deploy.console.local.run_record import RunRecord
from deploy.console.ports import SERVICES

OWNERS_VERBS = frozenset({"rebuild", "keys"})  # beside ``migrate``: what a service's own role may not do
SHOWN = 12  # last lines of a log that are shown when a command fails

Answer = dict[str, Any]  # Any: as JSON has it


@dataclass(frozen=True)
class Reply:
    """What a service's command answered."""

    command: str  # for people: "incidents rebuild"
    exit_code: int
    answers: list[Answer]
    log: list[str]  # lines of standard error, the last of which says why it failed

    def or_error(self) -> list[Answer]:
        """The answers.

        :raises CommandError: the command failed; with the end of its log.
        """
        if self.exit_code:
            raise CommandError("\n".join([f"{self.command} failed", *self.log[-SHOWN:]]))
        return self.answers


def migrate(state: StateFolder, record: RunRecord) -> None:
    """Bring every service's tables up to date, all at the same time.

    :raises CommandError: one of them cannot; with the error of the service.
    """
    with ThreadPoolExecutor(len(SERVICES)) as pool:
        for outcome in [pool.submit(_migrate, service, state, record) for service in SERVICES]:
            outcome.result()


def ask(
    service: str,
    *words: str,
    state: StateFolder,
    record: RunRecord,
    on_answer: Callable[[Answer], None] = lambda _answer: None,
) -> Reply:
    """Run a command of the service with ``--json``; each answer is handed on as it comes."""
    environment = plain_environment() | service_environment(service, state, record)
    if words[0] in OWNERS_VERBS:
        environment |= owner_environment(service, state, record)
    command = verb(service, *words, "--json")
    return ask_program(command, environment, f"{service} {words[0]}", on_answer)


def ask_program(
    command: tuple[str, ...],
    environment: dict[str, str],
    name: str,
    on_answer: Callable[[Answer], None],
) -> Reply:
    """Run a program that answers in JSON lines; a line that is no JSON object is no answer."""
    answers: list[Answer] = []
    with tempfile.TemporaryFile("w+", errors="replace") as log:
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        ) as process:
            for line in process.stdout or ():
                if (answer := _answer_in(line)) is not None:
                    answers.append(answer)
                    on_answer(answer)
        return Reply(name, process.returncode, answers, _lines(log))


def rules(year: str) -> int:
    """Print a year's rules to our own standard output; answers the exit code."""
    return subprocess.run(verb("incidents", "rules", year), cwd=ROOT, check=False).returncode


def _migrate(service: str, state: StateFolder, record: RunRecord) -> None:
    done = subprocess.run(
        verb(service, "migrate"),
        cwd=ROOT,
        env=plain_environment()
        | service_environment(service, state, record)
        | owner_environment(service, state, record),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError("\n".join([f"{service} migrate failed", *done.stdout.splitlines()[-SHOWN:]]))


def _answer_in(line: str) -> Answer | None:
    try:
        found = json.loads(line)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _lines(log: IO[str]) -> list[str]:
    log.seek(0)
    return [line.rstrip() for line in log]
