"""What a student can still change after a pause (§2.5, K13; M p58-59, p250)."""

from __future__ import annotations

from typing import Any

import pytest

from services.incidents.domain.errors import InvalidSitting
from services.incidents.domain.pauses import ItemPage, Return, Sitting, after_pause, next_unanswered
from tests.support.http.tokens import LEA_COORDINATOR, bearer
from tests.support.incidents.api import Api
from tests.support.incidents.states import LIBRARY, RULES


def sitting(*pages: tuple[int, int], answered: set[int]) -> Sitting:
    return Sitting(tuple(ItemPage(*page) for page in pages), frozenset(answered))


def through(last: int, *without: int) -> set[int]:
    return set(range(1, last + 1)) - set(without)


def test_e08_the_page_with_an_unanswered_item_can_be_changed_and_earlier_ones_not() -> None:
    found = after_pause(sitting((1, 3), (4, 10), answered=through(7)), locks=True)
    assert found == Return(starts_at=4, locked=(1, 2, 3))


def test_e09_a_page_that_is_answered_whole_is_locked_and_the_next_one_begins() -> None:
    found = after_pause(sitting((1, 8), (9, 11), answered=through(11)), locks=True)
    assert found == Return(starts_at=12, locked=tuple(range(1, 12)))


def test_e10_a_blanked_answer_is_given_anew_and_next_jumps_to_the_next_unanswered_item() -> None:
    blanked = sitting((1, 3), (4, 6), (7, 9), answered=through(7, 2))
    assert after_pause(blanked, locks=True) == Return(starts_at=1, locked=(4, 5, 6))
    assert next_unanswered(blanked.pages, blanked.answered | {2}) == 8


@pytest.mark.parametrize(("minutes", "locks"), [(0, False), (20, False), (21, True), (35, True)])
def test_e11_exactly_twenty_minutes_keep_access(minutes: int, locks: bool) -> None:
    assert RULES.pause_rule.locks("cat", minutes) is locks
    found = after_pause(sitting((1, 3), (4, 10), answered=through(7)), locks=locks)
    assert bool(found.locked) is locks


@pytest.mark.parametrize(
    ("year", "kinds"), [("2015-16", {"cat"}), ("2018-19", {"cat", "cast"}), ("2020-21", {"cat", "cast"})]
)
def test_only_these_kinds_of_test_have_the_rule(year: str, kinds: set[str]) -> None:
    rules = LIBRARY.for_year(year)
    known = {test.kind for test in rules.tests.values()}
    assert {kind for kind in known if rules.pause_rule.locks(kind, 60)} == kinds


@pytest.mark.parametrize("pages", [((2, 3),), ((1, 3), (5, 6)), ((1, 3), (4, 3))])
def test_pages_begin_at_item_1_and_follow_each_other(pages: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(InvalidSitting):
        sitting(*pages, answered=set()).require_order()


async def asked(test: str, **query: str) -> tuple[int, dict[str, Any]]:
    url = f"/v1/tests/{test}/pause"
    answer = await Api().http.get(url, params=query, headers=bearer(LEA_COORDINATOR))
    return answer.status_code, answer.json()


@pytest.mark.shows("E08")
async def test_the_api_says_what_is_locked_and_whether_an_extension_may_help() -> None:
    status, found = await asked("sb_math_cat", minutes_paused="35", pages="1-3,4-10", answered="1-7")
    assert status == 200
    assert found == {
        "test": "sb_math_cat",
        "locks": True,
        "starts_at": 4,
        "next_unanswered": 8,
        "locked": [1, 2, 3],
        "extension_may_help": True,
        "source": "M p58-59, p250",
    }


@pytest.mark.shows("HR-21")
async def test_the_api_says_that_a_performance_task_has_no_such_rule() -> None:
    _, found = await asked("sb_math_pt", minutes_paused="35", pages="1-3,4-10", answered="1-7")
    assert (found["locks"], found["locked"], found["extension_may_help"]) == (False, [], False)


async def test_a_page_may_be_one_item_and_nothing_may_be_answered() -> None:
    _, found = await asked("cast", minutes_paused="21", pages="1,2")
    assert (found["starts_at"], found["next_unanswered"], found["locked"]) == (1, 1, [])


@pytest.mark.parametrize(
    ("test", "query", "status", "code"),
    [
        ("sb_history", {"minutes_paused": "1", "pages": "1-3"}, 404, "not_found"),
        ("cast", {"minutes_paused": "1", "pages": "1-3,5-6"}, 422, "invalid_sitting"),
        ("cast", {"minutes_paused": "1", "pages": "one"}, 422, "validation_failed"),
        ("cast", {"minutes_paused": "-1", "pages": "1"}, 422, "validation_failed"),
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(
    test: str, query: dict[str, str], status: int, code: str
) -> None:
    found, body = await asked(test, **query)
    assert (found, body["code"]) == (status, code)
