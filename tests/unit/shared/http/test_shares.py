"""One caller's share and one LEA's: what is taken, what is refused, and what the answer says of it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http import shares as shares_module
from shared.http.shares import MAILS, MOST_KNOWN, OverShare, ShareLimits, Shares, mailing
from shared.kernel.actor import Actor, Role
from tests.support.http.problems import expect_problem
from tests.support.http.sample_app import Desk, client, sample_app
from tests.support.http.tokens import LEA_COORDINATOR, SITE_COORDINATOR, bearer

EVE = Actor("eve", "Eve", "eve@example.org", Role.LEA_COORDINATOR, lea="1975663")
ADAM = replace(EVE, sub="adam", role=Role.SITE_COORDINATOR, lea=None, school="19756630000000")
SYSTEM = Actor("services", "STAIRS", "", Role.SYSTEM)
AGENT = Actor("agent", "CalTAC", "", Role.CALTAC_AGENT)
JSON = {"Content-Type": "application/json"}
RATE_LIMIT = re.compile(r'"([a-z-]+)";r=(\d+);t=(\d+)')


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


def shares(clock: Clock | None = None, **limits: int) -> Shares:
    return Shares(ShareLimits(**limits), now=clock or Clock())


def left(headers: object) -> tuple[str, int, int]:
    (name, remaining, reset) = RATE_LIMIT.fullmatch(dict(headers)[b"ratelimit"].decode()).groups()  # type: ignore[call-overload,union-attr]
    return name, int(remaining), int(reset)


@given(
    quota=st.integers(1, 50),
    waits=st.lists(st.floats(0, 40, allow_nan=False), min_size=1, max_size=80),
)
def test_no_period_holds_more_than_twice_the_quota_and_no_start_less(quota: int, waits: list[float]) -> None:
    clock, taken = Clock(), []
    everybody = shares(clock, requests_per_caller=quota)
    for wait in waits:
        clock.seconds += wait
        with suppress(OverShare):
            everybody.of(EVE).admit()
            taken.append(clock.seconds)
    within = max((sum(start <= each < start + 60 for each in taken) for start in taken), default=0)
    assert within <= 2 * quota
    assert len(taken) >= min(quota, len(waits))


def test_a_share_is_used_at_once_and_frees_itself_evenly() -> None:
    clock = Clock()
    everybody = shares(clock, requests_per_caller=60)
    for _ in range(60):
        everybody.of(EVE).admit()
    with pytest.raises(OverShare) as refusal:
        everybody.of(EVE).admit()
    assert refusal.value.retry_after == 1
    clock.seconds += 1
    everybody.of(EVE).admit()
    with pytest.raises(OverShare):
        everybody.of(EVE).admit()


def test_who_waits_as_long_as_is_said_is_let_in() -> None:
    clock = Clock()
    everybody = shares(clock, requests_per_caller=7)
    for _ in range(20):
        try:
            everybody.of(EVE).admit()
        except OverShare as refusal:
            clock.seconds += refusal.retry_after or 0
            everybody.of(EVE).admit()


def test_callers_have_shares_of_their_own_and_one_of_their_lea_together() -> None:
    everybody = shares(requests_per_caller=3, requests_per_lea=5)
    for caller in (EVE, EVE, EVE, ADAM, ADAM):
        everybody.of(caller).admit()
    with pytest.raises(OverShare, match="Your LEA"):
        everybody.of(ADAM).admit()
    everybody.of(replace(EVE, sub="other", lea="5475523")).admit()
    everybody.of(AGENT).admit()


def test_what_is_refused_uses_nothing_up() -> None:
    clock = Clock()
    everybody = shares(clock, requests_per_caller=1, requests_per_lea=2)
    everybody.of(EVE).admit()
    for _ in range(50):
        with pytest.raises(OverShare):
            everybody.of(EVE).admit()
    everybody.of(ADAM).admit()


def test_bytes_that_were_more_than_the_share_are_waited_for() -> None:
    clock = Clock()
    everybody = shares(clock, bytes_per_caller=60_000)
    share = everybody.of(EVE)
    share.admit()
    share.carried(120_000)
    with pytest.raises(OverShare) as refusal:
        everybody.of(EVE).admit()
    assert refusal.value.retry_after == 61
    clock.seconds += 61
    everybody.of(EVE).admit()


def test_the_services_themselves_are_not_bounded() -> None:
    everybody = shares(requests_per_caller=1, bytes_per_caller=1)
    for _ in range(3):
        share = everybody.of(SYSTEM)
        share.admit()
        share.carried(1_000)
    assert share.headers() == ()


def test_an_answer_tells_of_the_share_that_is_nearest_to_its_end() -> None:
    everybody = shares(requests_per_caller=100, bytes_per_caller=1_000)
    share = everybody.of(EVE)
    share.admit()
    assert left(share.headers()) == ("caller", 99, 1)
    share.carried(500)
    assert left(share.headers()) == ("caller-bytes", 500, 30)


def test_a_refusal_tells_of_the_share_that_refused() -> None:
    everybody = shares(mails_per_caller=2)
    share = everybody.of(EVE)
    share.admit()
    share.mail(2)
    with pytest.raises(OverShare):
        share.mail(1)
    assert left(share.headers()) == ("caller-mails", 0, 3600)
    assert b'"caller-mails";q=2;w=3600' in dict(share.headers())[b"ratelimit-policy"]


def test_other_mails_use_nothing_up_of_those_that_nothing_may_hold_back() -> None:
    everybody = shares(mails_per_caller=2, mails_per_lea=2)
    share = everybody.of(EVE)
    share.mail(2)
    share.mail(1, urgent=True)
    everybody.of(ADAM).mail(1, urgent=True)
    with pytest.raises(OverShare):
        share.mail(1, urgent=True)


def test_an_act_that_mails_more_than_the_share_is_done_once_there_is_all_of_it() -> None:
    clock = Clock()
    everybody = shares(clock, mails_per_caller=10, mails_per_lea=1000)
    everybody.of(EVE).mail(500)
    with pytest.raises(OverShare) as refusal:
        everybody.of(EVE).mail(500)
    clock.seconds += refusal.value.retry_after or 0
    everybody.of(EVE).mail(500)


def test_what_is_in_flight_is_counted_until_it_has_ended() -> None:
    everybody = shares(bodies_per_caller=2, bodies_per_lea=3)
    first, second = everybody.of(EVE), everybody.of(ADAM)
    for share in (first, first, second):
        share.begin(upload=False)
    for share in (first, second):
        with pytest.raises(OverShare) as refusal:
            share.begin(upload=False)
        assert refusal.value.retry_after == 1
    first.end(upload=False)
    second.begin(upload=False)


def test_files_have_fewer_places_than_other_bodies() -> None:
    share = shares(uploads_per_caller=1).of(EVE)
    share.begin(upload=True)
    share.begin(upload=False)
    with pytest.raises(OverShare):
        share.begin(upload=True)
    share.end(upload=True)
    share.begin(upload=True)


def test_of_many_callers_the_quiet_ones_are_forgotten() -> None:
    everybody = shares(requests_per_caller=1, requests_per_lea=10 * MOST_KNOWN)
    for n in range(MOST_KNOWN + 10):
        everybody.of(replace(EVE, sub=str(n))).admit()
    assert len(everybody.callers) == MOST_KNOWN
    with pytest.raises(OverShare):
        everybody.of(replace(EVE, sub=str(MOST_KNOWN))).admit()


# --- over HTTP ---


async def test_the_answer_over_http_says_how_much_is_left_and_when_to_come_again(desk: Desk) -> None:
    app = sample_app(desk, shares=ShareLimits(requests_per_caller=2))
    async with client(app) as http:
        answers = [await http.get("/v1/notices", headers=bearer(LEA_COORDINATOR)) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[0].headers["RateLimit"] == '"caller";r=1;t=30'
    assert answers[0].headers["RateLimit-Policy"].startswith('"caller";q=2;w=60, ')
    expect_problem(answers[2], 429, "rate_limited")
    assert answers[2].headers["Retry-After"] == "30"
    assert answers[2].headers["RateLimit"].startswith('"caller";r=0;')


async def test_nobody_is_told_of_a_share_before_they_are_known(desk: Desk) -> None:
    async with client(sample_app(desk, shares=ShareLimits(requests_per_caller=1))) as http:
        answers = [await http.get("/v1/notices") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {401}
    assert not any("RateLimit" in answer.headers for answer in answers)


async def test_a_body_that_is_over_the_share_is_not_read(desk: Desk) -> None:
    app = sample_app(desk, shares=ShareLimits(requests_per_caller=1))
    read: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        read.append(b"{")
        yield b"{}"

    async with client(app) as http:
        await http.get("/v1/notices", headers=bearer(LEA_COORDINATOR))
        answer = await http.post("/v1/notices", content=body(), headers={**JSON, **bearer(LEA_COORDINATOR)})
    expect_problem(answer, 429, "rate_limited")
    assert read == []


async def test_bodies_that_never_end_take_one_callers_places_only(desk: Desk) -> None:
    app = sample_app(desk, shares=ShareLimits(bodies_per_caller=2))
    begun, rest = asyncio.Semaphore(0), asyncio.Event()

    async def unfinished() -> AsyncIterator[bytes]:
        yield b" "
        begun.release()
        await rest.wait()
        yield b" "

    mine = {**JSON, **bearer(LEA_COORDINATOR)}
    async with client(app) as http:
        waiting = [
            asyncio.create_task(http.post("/v1/notices", content=unfinished(), headers=mine))
            for _ in range(2)
        ]
        await begun.acquire()
        await begun.acquire()
        answer = await http.post("/v1/notices", content=b" ", headers=mine)
        other = {**JSON, **bearer(SITE_COORDINATOR)}
        others = await http.post("/v1/notices", content=b" ", headers=other)
        rest.set()
        for each in waiting:
            assert (await each).status_code == 400
    expect_problem(answer, 429, "rate_limited")
    assert answer.headers["Retry-After"] == "1"
    assert others.status_code == 400


@pytest.mark.parametrize(
    ("body", "mails"),
    [
        (b'{"appeals": ["a", "b", "c"]}', 3),
        (b'{"appeals": []}', 1),
        (b'{"appeals": 7}', 1),
        (b"[]", 1),
        (b"", 1),
    ],
)
async def test_an_act_on_many_counts_each_of_them(body: bytes, mails: int) -> None:
    everybody = shares(mails_per_caller=100)
    counted = mailing("appeals").dependency
    share = everybody.of(EVE)
    await counted(type("Asked", (), {"scope": {"stairs.share": share, "stairs.body": body}})())
    assert round((everybody.callers.of("eve").free_at[MAILS] - everybody.now()) / 36) == mails


async def test_a_caller_waits_for_what_is_worked_on_for_them_and_others_do_not() -> None:
    everybody, at_work, done = shares(at_work_per_caller=2), set[str](), asyncio.Event()

    async def work(caller: Actor, name: str) -> None:
        async with everybody.of(caller).turn():
            at_work.add(name)
            await done.wait()

    async with asyncio.TaskGroup() as requests:
        for name in ("first", "second", "third"):
            requests.create_task(work(EVE, name))
        requests.create_task(work(ADAM, "of somebody else"))
        await asyncio.sleep(0)
        assert at_work == {"first", "second", "of somebody else"}
        done.set()
    assert "third" in at_work


async def test_who_waits_for_something_else_holds_up_nobody_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares_module, "LONGEST_TURN", 0.001)
    everybody = shares(at_work_per_caller=1)
    async with everybody.of(EVE).turn(), asyncio.timeout(10), everybody.of(EVE).turn():
        pass
    monkeypatch.setattr(shares_module, "LONGEST_TURN", 60)
    async with everybody.of(EVE).turn():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001), everybody.of(EVE).turn():
                pass


async def test_requests_of_the_services_themselves_do_not_wait() -> None:
    everybody = shares(at_work_per_caller=1)
    async with everybody.of(SYSTEM).turn(), everybody.of(SYSTEM).turn():
        pass
