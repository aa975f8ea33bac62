"""What must hold after any fault: each question answers with what is wrong, with nothing if all is well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection

from tests.faults.chaos import REPEATING, Aftermath
from tests.support.system.filings import Journal
from tests.support.system.listing import all_of, differences, everything_listed
from tests.support.system.system import RunningSystem
from tests.support.system.wired import Wired


def lost_or_doubled(system: RunningSystem, journal: Journal) -> Collection[object]:
    """Filings that were acknowledged and are not there once, or are there unacknowledged."""
    listed = all_of(system, "incidents", "/v1/incidents")
    there = Counter(str(case["case_number"]) for case in listed if case["status"] != "draft")
    wanted = Counter(dict.fromkeys(journal.acknowledged, 1))
    strangers = {str(case["id"]) for case in listed} ^ set(journal.acknowledged.values())
    return [*journal.numbers_said_twice, *((there - wanted) + (wanted - there)), *strangers]


def not_concluded(system: RunningSystem) -> Collection[object]:
    """Cases on which somebody still has to do something, by status."""
    listed = all_of(system, "incidents", "/v1/incidents")
    return Counter(str(case["status"]) for case in listed if case["status"] != "processed")


def not_confirmed_once(wired: Wired, journal: Journal) -> Collection[object]:
    """Filings whose confirmation is not in the mailbox exactly once."""
    confirmed, wanted = wired.mailroom.confirmed(), Counter(dict.fromkeys(journal.acknowledged, 1))
    return (confirmed - wanted) + (wanted - confirmed)


def said_twice(wired: Wired, crashes: int) -> Collection[object]:
    """Mails under two Message-IDs, and repeats (under their own) beyond one per crash."""
    wired.mailroom.look()
    repeats = wired.mailroom.repeats()
    return [*wired.mailroom.said_twice(), *([f"{repeats} repeats"] if repeats > crashes else [])]


def unlike_rebuilt(system: RunningSystem) -> Collection[object]:
    """Where a read model is not what its facts say."""
    before = everything_listed(system)
    rebuilt = system.stairs("rebuild", within=300)
    if rebuilt.returncode:
        return [rebuilt.stdout + rebuilt.stderr]
    return differences(before, everything_listed(system))


def complaints(after: Aftermath) -> dict[str, Collection[object]]:
    """Everything that is wrong after a chaos run, by question."""
    crashes = sum(kill.name in REPEATING for kill in after.kills)
    asked: dict[str, Callable[[], Collection[object]]] = {
        "acknowledged filings lost or doubled": lambda: lost_or_doubled(after.wired.system, after.journal),
        "cases not concluded": lambda: not_concluded(after.wired.system),
        "refusals without a word when to come back": lambda: after.journal.unexplained,
        "confirmations missing or doubled": lambda: not_confirmed_once(after.wired, after.journal),
        "mails repeated more than once a crash": lambda: said_twice(after.wired, crashes),
        "read models unlike rebuilt ones": lambda: unlike_rebuilt(after.wired.system),
        "doors that are not ready": after.wired.not_ready,
    }
    return {question: found for question, ask in asked.items() if (found := ask())}
