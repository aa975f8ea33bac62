"""TO BE DROPPED when the services answer in JSON lines: their answers as they are without ``--json``."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from typing import Any

from deploy.console.folders import ROOT

DONE = (
    r"republished: (?P<published>\d+) events of the positions (?P<from>\d+) to "
    r"(?P<to>\d+) (?P<dry_run>would)?"
)
LINES: tuple[tuple[re.Pattern[str], dict[str, bool]], ...] = (
    (re.compile(r"rebuild (?P<rebuild>\S+) (?P<done>\d+)/(?P<of>\d+)"), {}),
    (re.compile(r"republish (?P<done>\d+)/(?P<of>\d+)"), {}),
    (re.compile(DONE), {"dry_run": False}),
)


def ask_in_the_old_way(
    words: tuple[str, ...], environment: dict[str, str], on_answer: Callable[[dict[str, Any]], None]
) -> tuple[int, list[dict[str, Any]], list[str]]:
    """Exit code, answers and log of a command without ``--json``."""
    plain = [word for word in words if word not in ("--json", "--by")]
    answers, log = [], []
    with subprocess.Popen(
        plain, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        for line in process.stdout or ():
            if (answer := old_answer(line.strip())) is None:
                log.append(line.rstrip())
            else:
                answers.append(answer)
                on_answer(answer)
    return process.returncode, answers, log


def old_answer(line: str) -> dict[str, Any] | None:
    """The answer in a line, if there is one."""
    if line.startswith("dead-letter {"):
        found: dict[str, Any] = json.loads(line.removeprefix("dead-letter "))
        return found
    for form, usual in LINES:
        if said := form.match(line):
            values: dict[str, Any] = {
                name: int(value) if value.isdigit() else value == "would" or value
                for name, value in said.groupdict().items()
                if value is not None
            }
            return {**usual, **values}
    return None
