"""``stairs dead-letters``: what the services could not handle, as tables; each answers for its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.json import JSON
from rich.table import Table

from deploy.console.errors import CommandError
from deploy.console.folders import StateFolder
from deploy.console.local import service_commands
from deploy.console.local.run_record import RunRecord

MARK = "dead-letter "
COLUMNS = ("service", "no.", "consumer", "place", "type", "reason", "attempts", "age")
DISCARDED = ("service", "no.", "type", "reason", "discarded (UTC)", "by", "why")
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))

Answer = dict[str, Any]  # Any: as JSON has it


@dataclass(frozen=True)
class DeadLetters:
    """The dead letters of a running system."""

    state: StateFolder
    record: RunRecord
    console: Console

    def show_all(self, services: Sequence[str], now: datetime | None = None) -> None:
        """What waits in these services, oldest first."""
        found = [(service, answer) for service in services for answer in self._ask(service, "list")]
        if not found:
            self.console.print("No dead letters: every message was handled, replayed or discarded.")
            return
        table = Table(*COLUMNS, title="Dead letters")
        for service, letter in found:
            table.add_row(service, *row(letter, now or datetime.now(UTC)))
        self.console.print(table)
        self.console.print("stairs dead-letters show | replay | discard SERVICE NO.", style="dim")

    def show_discarded(self, services: Sequence[str]) -> None:
        """What was given up in these services: when, by whom, and why."""
        found = [
            (service, answer) for service in services for answer in self._ask(service, "list", "discarded")
        ]
        table = Table(*DISCARDED, title="Discarded dead letters")
        for service, letter in found:
            table.add_row(service, *discarded_row(letter))
        self.console.print(table if found else "No dead letter was ever discarded.")

    def show(self, service: str, number: int) -> None:
        """One letter: where it was, why it is here, its headers and its value."""
        (letter,) = self._ask(service, "show", str(number))
        self.console.print(JSON(json.dumps(letter)))

    def replay(self, service: str, numbers: Sequence[int]) -> bool:
        """Replay these, or all; False: not every one went."""
        answers = self._ask(service, "replay", *map(str, numbers), failing=True)
        if not answers:
            self.console.print(f"No dead letters in {service}: nothing to replay.")
        for answer in answers:
            why = f": {answer['reason']}" if answer["reason"] else ""
            self.console.print(f"{service} {answer['number']} {answer['outcome']}{why}", markup=False)
        return all(answer["outcome"] != "failed" for answer in answers)

    def discard(self, service: str, number: int, reason: str, by: str | None = None) -> None:
        """Give one up; its row stays, with the reason and who gave it.

        :param by: in whose name; the user of this machine, if nobody is named.
        """
        (answer,) = self._ask(service, "discard", str(number), reason, *([by] if by else []))
        self.console.print(f"{service} {number} discarded by {answer['by']}: {reason}", markup=False)

    def _ask(self, service: str, *words: str, failing: bool = False) -> list[Answer]:
        code, said = service_commands.run_verb_with_output(
            service, "dead-letters", *words, state=self.state, record=self.record
        )
        answers = [json.loads(line.removeprefix(MARK)) for line in said if line.startswith(MARK)]
        if code and not (failing and answers):
            raise CommandError(f"{service}: {said[-1] if said else 'no answer'}")
        return answers


def row(letter: Answer, now: datetime) -> tuple[str, ...]:
    """One line of the table."""
    age = now - datetime.fromisoformat(letter["parked_at"])
    told = (letter["number"], letter["consumer"], letter["place"], letter["type"] or "?", letter["reason"])
    return (*map(str, told), str(letter["attempts"]), span(age.total_seconds()))


def discarded_row(letter: Answer) -> tuple[str, ...]:
    """One line of the table of what was given up; the earliest ones do not know by whom."""
    told = (letter["type"], letter["reason"], letter["discarded_at"][:16], letter["discarded_by"])
    return (str(letter["number"]), *(word or "?" for word in told), letter["discard_reason"])


def span(seconds: float) -> str:
    """A time in its greatest unit: 3 d, 5 h, 2 min, 40 s."""
    for size, unit in UNITS:
        if seconds >= size:
            return f"{int(seconds // size)} {unit}"
    return f"{max(0, int(seconds))} s"
