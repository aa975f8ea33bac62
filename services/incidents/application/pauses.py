"""What a student can still change after a pause, by the rules of a year (§2.5)."""

from __future__ import annotations

from dataclasses import dataclass

from services.incidents.application.ports import Rulebooks
from services.incidents.domain.errors import UnknownTest
from services.incidents.domain.pauses import Return, Sitting, after_pause, next_unanswered


@dataclass(frozen=True)
class Paused:
    """What the student finds on coming back, with the source of the rule."""

    locks: bool
    found: Return
    next_unanswered: int
    source: str


def judge_pause(
    rulebooks: Rulebooks, test: str, year: str | None, minutes_paused: int, sitting: Sitting
) -> Paused:
    """What a pause of so many minutes does in this test.

    :raises UnknownTest: there is no such test in that year.
    :raises InvalidSitting: the pages do not follow each other.
    """
    rules = rulebooks.for_year(year)
    if test not in rules.tests:
        raise UnknownTest("There is no such test in that year.")
    sitting.require_order()
    locks = rules.pause_rule.locks(rules.tests[test].kind, minutes_paused)
    found = after_pause(sitting, locks=locks)
    following = next_unanswered(sitting.pages, sitting.answered)
    return Paused(locks, found, following, rules.pause_rule.source)
