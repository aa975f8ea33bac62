"""``stairs dead-letters``: what the services could not handle, as tables; each answers for its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console
from rich.json import JSON
from rich.table import Table

from deploy.console.errors import CommandError
from deploy.console.folders import StateFolder
from deploy.console.local import service_commands
from deploy.console.local.run_record import RunRecord
from deploy.console.local.service_commands import Answer
from deploy.console.verbs.options import print_json

COLUMNS = ("service", "no.", "consumer", "place", "type", "reason", "attempts", "age")
DISCARDED = ("service", "no.", "type", "reason", "discarded (UTC)", "by", "why")
UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


@dataclass(frozen=True)
class DeadLetterTables:
    """The dead letters of a running system."""

    state: StateFolder
    record: RunRecord
    screen: Console | None  # None: print JSON, for scripts

    def show_all(self, services: Sequence[str], now: datetime | None = None) -> None:
        """What waits in these services, oldest first."""
        found = [(service, answer) for service in services for answer in self._ask(service, "list")]
        if self.screen is None:
            return
        if not found:
            self.screen.print("No dead letters: every message was handled, replayed or discarded.")
            return
        table = Table(*COLUMNS, title="Dead letters")
        for service, letter in found:
            table.add_row(service, *row(letter, now or datetime.now(UTC)))
        self.screen.print(table)
        self.screen.print("stairs dead-letters show | replay | discard SERVICE NO.", style="dim")

    def show_discarded(self, services: Sequence[str]) -> None:
        """What was discarded in these services: when, by whom, and why."""
        found = [
            (service, answer) for service in services for answer in self._ask(service, "list", "discarded")
        ]
        if self.screen is None:
            return
        table = Table(*DISCARDED, title="Discarded dead letters")
        for service, letter in found:
            table.add_row(service, *discarded_row(letter))
        self.screen.print(table if found else "No dead letter was ever discarded.")

    def show(self, service: str, number: int) -> None:
        """One letter: where it was, why it is here, its headers and its value.

        :raises CommandError: the service has no letter of this number.
        """
        for letter in self._ask(service, "show", str(number)):
            if self.screen is not None:
                self.screen.print(JSON(json.dumps(letter)))

    def replay(self, service: str, numbers: Sequence[int]) -> bool:
        """Replay these, or all that wait; False if one of them failed."""
        answers = self._ask(service, "replay", *map(str, numbers), failing=True)
        if self.screen is not None:
            if not answers:
                self.screen.print(f"No dead letters in {service}: nothing to replay.")
            for answer in answers:
                why = f": {answer['reason']}" if answer["reason"] else ""
                self.screen.print(f"{service} {answer['number']} {answer['outcome']}{why}", markup=False)
        return all(answer["outcome"] != "failed" for answer in answers)

    def discard(self, service: str, number: int, reason: str, by: str | None = None) -> None:
        """Discard one; its row stays, with the reason and who discarded it.

        :param by: in whose name; the user of this machine, if nobody is named.
        :raises CommandError: the service has no letter of this number that waits.
        """
        words = (str(number), reason, *(["--by", by] if by else []))
        for answer in self._ask(service, "discard", *words):
            if self.screen is not None:
                self.screen.print(f"{service} {number} discarded by {answer['by']}: {reason}", markup=False)

    def _ask(self, service: str, *words: str, failing: bool = False) -> list[Answer]:
        reply = service_commands.ask(service, "dead-letters", *words, state=self.state, record=self.record)
        if reply.exit_code and not (failing and reply.answers):
            raise CommandError(f"{service}: {reply.log[-1] if reply.log else 'no answer'}")
        if self.screen is None:
            for answer in reply.answers:
                print_json({"service": service, **answer})
        return reply.answers


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
