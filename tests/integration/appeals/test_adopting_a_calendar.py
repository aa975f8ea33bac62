"""A calendar changes while decisions are waited for: nothing moves until somebody says so, then all of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from typer.testing import CliRunner

from services.appeals import __main__ as verbs
from services.appeals.domain.calendar_adoption import CalendarAdoption
from services.appeals.read_model.calendar_watch import other_calendars
from services.appeals.rulebooks.library import Rulebooks
from shared.process.exit_codes import WRONG_USAGE
from tests.integration.appeals.test_clocks_live import asked
from tests.support.appeals.live import Live, live_appeals
from tests.support.appeals.states import CDE, CHEATING, RULEBOOKS, WRONG_SETTINGS, with_day_off
from tests.support.logbooks.ledger import Hands, of_appeals

OLD, NEW = "2019-04-19T00:00:00Z", "2019-04-20T00:00:00Z"  # K5: Monday is a day off by the new calendar


@pytest_asyncio.fixture
async def live(database: str) -> AsyncIterator[Live]:
    async with live_appeals(database) as service:
        yield service


@pytest.fixture
def hands(live: Live) -> Hands:
    return of_appeals(live)


@pytest.fixture
def new_calendar(live: Live, monkeypatch: pytest.MonkeyPatch) -> Rulebooks:
    """The rulebooks as a new release would have them; the service that runs still has the old ones."""
    assert live
    years = {year: with_day_off(policy, 4, 15) for year, policy in RULEBOOKS.by_year.items()}
    changed = replace(RULEBOOKS, by_year=years)
    monkeypatch.setattr(verbs, "read_rulebooks", lambda: changed)
    return changed


async def adopt(live: Live, *, really: bool) -> list[tuple[str, str, str]]:
    moves = await verbs.adopt(live.parts, really=really)
    return [(move.clock, f"{move.old_decide_by:%m-%d}", f"{move.new_decide_by:%m-%d}") for move in moves]


async def test_with_another_calendar_old_due_dates_stand_and_it_is_said(
    live: Live, hands: Hands, new_calendar: Rulebooks
) -> None:
    url = await asked(live, CHEATING, "invalidate")
    await hands.follow()
    count = await other_calendars(
        live.parts.engine, lambda year: new_calendar.for_year(year).calendar.version
    )
    assert count == 1
    assert (await live.get(url, CDE)).json()["decide_by"] == OLD
    assert [row["retimings"] for row in await hands.rows("K5")] == [[]]


@pytest.mark.usefixtures("new_calendar")
async def test_a_dry_run_says_old_and_new_and_moves_nothing(live: Live) -> None:
    url = await asked(live, CHEATING, "invalidate")
    before = await live.stored()
    assert await adopt(live, really=False) == [("K5", "04-19", "04-20")]
    assert (await live.stored(), (await live.get(url, CDE)).json()["decide_by"]) == (before, OLD)


async def test_adopting_moves_the_decision_the_list_and_the_ledger_and_lists_both_dates(
    live: Live, hands: Hands, new_calendar: Rulebooks
) -> None:
    url = await asked(live, CHEATING, "invalidate")
    decided = await asked(live, WRONG_SETTINGS, "reset")
    await live.post(f"{decided}/deny", CDE, {"reason": "The settings were right."})
    await hands.follow()
    assert await adopt(live, really=True) == [("K5", "04-19", "04-20")]
    await live.projector.catch_up()
    listed = (await live.get("/v1/appeals?order=due", CDE)).json()["items"]
    single = (await live.get(url, CDE)).json()
    assert (single["decide_by"], {item["id"]: item["decide_by"] for item in listed}[single["id"]]) == (
        NEW,
        NEW,
    )
    (row,) = await hands.rows("K5")
    (move,) = row["retimings"]
    assert (move["old_due_at"][:10], move["new_due_at"][:10]) == ("2019-04-19", "2019-04-20")
    assert row["calendar_version"] == "plus-4-15"
    (adopted,) = [
        recorded.fact
        for recorded in await live.parts.tail.page(0, 1000)
        if isinstance(recorded.fact, CalendarAdoption.Adopted)
    ]
    assert [(each["appeal_id"], each["new_decide_by"].day) for each in adopted.moves] == [(single["id"], 20)]
    assert (
        await other_calendars(live.parts.engine, lambda year: new_calendar.for_year(year).calendar.version)
        == 0
    )


@pytest.mark.usefixtures("new_calendar")
async def test_adopting_twice_moves_nothing_more(live: Live) -> None:
    await asked(live, CHEATING, "invalidate")
    assert len(await adopt(live, really=True)) == 1
    before = await live.stored()
    assert (await adopt(live, really=True), await live.stored()) == ([], before)


async def test_the_move_is_in_the_history_of_the_appeal(live: Live, new_calendar: Rulebooks) -> None:
    url = await asked(live, CHEATING, "invalidate")
    await adopt(live, really=True)
    *_, last = (await live.get(f"{url}/history", CDE)).json()["items"]
    assert (last["what"], last["data"]["old_decide_by"], last["data"]["decide_by"]) == (
        "decide_by_moved",
        OLD,
        NEW,
    )
    assert last["data"]["calendar_version"] == new_calendar.for_year("2018-19").calendar.version


def test_any_other_word_than_yes_is_refused() -> None:
    assert CliRunner().invoke(verbs.app, ["adopt-calendar", "maybe"]).exit_code == WRONG_USAGE
