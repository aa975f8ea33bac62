"""Lags are measured when somebody asks, and are no reason to be unready before their limit."""

from __future__ import annotations

import pytest

from shared.http.readiness import Readiness
from shared.observability import lags as all_lags
from shared.observability.lags import Lags
from shared.observability.metrics import counter, exposition, gauge
from tests.support.http.sample_app import Desk, client, sample_app

WAITING = gauge("test_lags_waiting", "Things.")
AGES = gauge("test_lags_oldest_seconds", "How old the oldest is.", ("of", "by"))


@pytest.fixture(autouse=True)
def _shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        all_lags, "SHOWN", ("test_lags_waiting", "test_lags_oldest_seconds", "test_lags_unheard")
    )
    WAITING.set(0)
    AGES.clear()


class Looks:
    """A measurement that finds one thing more each time."""

    def __init__(self) -> None:
        self.made = 0

    async def measure(self) -> None:
        self.made += 1
        WAITING.set(self.made)


async def test_readiness_shows_what_it_is_behind_with() -> None:
    AGES.labels("cases", "us").set(12.34)
    readiness = Readiness()
    readiness.show(Lags(Looks().measure))
    async with client(sample_app(Desk(), readiness=readiness)) as http:
        answer = await http.get("/readyz")
    assert answer.json() == {
        "status": "ready",
        "reasons": {},
        "lags": {"test_lags_waiting": 1, "test_lags_oldest_seconds": {"cases us": 12.3}},
    }


async def test_the_figures_are_measured_before_they_are_exposed() -> None:
    readiness = Readiness()
    readiness.show(Lags(Looks().measure))
    async with client(sample_app(Desk(), readiness=readiness)) as http:
        answer = await http.get("/metrics")
    assert "stairs_test_lags_waiting 1.0" in answer.text


async def test_many_who_ask_cost_one_look() -> None:
    looks = Looks()
    lags = Lags(looks.measure)
    await lags.measure()
    await lags.measure()
    assert looks.made == 1


async def test_what_is_added_later_is_measured_too() -> None:
    looks, lags = Looks(), Lags()
    lags.also(looks.measure)
    await lags.measure()
    assert lags.figures()["test_lags_waiting"] == 1


async def test_a_look_that_fails_is_counted_and_hurts_no_other() -> None:
    async def fails() -> None:
        raise ConnectionError("postgresql://user:secret@host")

    failures = counter("lags_unmeasured", "Times that a lag could not be measured.")
    before = failures._value.get()
    lags = Lags(fails, Looks().measure)
    await lags.measure()
    assert (lags.figures()["test_lags_waiting"], failures._value.get() - before) == (1, 1)
    assert b"secret" not in exposition()


@pytest.mark.parametrize(("age", "reasons"), [(60.0, set()), (61.0, {"test_lags_oldest_seconds"})])
async def test_an_age_makes_unready_only_over_its_limit(age: float, reasons: set[str]) -> None:
    WAITING.set(1_000_000)
    AGES.labels("cases", "us").set(age)
    AGES.labels("cases", "them").set(1)
    readiness = Readiness()
    readiness.show(Lags(limit=60.0))
    status, body = await readiness.answer()
    assert (status, set(await readiness.reasons())) == (503 if reasons else 200, reasons)
    assert body["reasons"] == dict.fromkeys(reasons, "61 s, over the limit of 60 s")


async def test_without_a_limit_no_age_makes_unready() -> None:
    AGES.labels("cases", "us").set(1e9)
    assert Lags().reasons() == {}
