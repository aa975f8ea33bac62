"""Dead letters are listed, shown, replayed and discarded; each takes effect once, by either transport."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from shared.messaging.consuming.feed import Delivery, Failure, Feed, MessagePlace
from shared.messaging.dead_letters.parking import DeadLetterParking
from tests.support.eventually import eventually
from tests.support.logbooks.event_store import EventStore
from tests.support.messaging.carriers import CONSUMER, Carrier, changes_carrier, kafka_carrier, own_carrier
from tests.support.messaging.dead_letter_office import Office, dead_letter_office

LONG = 60.0  # seconds
DECK = uuid4()
FAILURE = Failure("it was not to be", 5, datetime(2026, 11, 21, 12, tzinfo=UTC))
TRANSPORTS = {"own": "handled", "changes": "handled", "kafka": "published"}


class Scene:
    """A consumer, whoever carries its messages, and its office of dead letters."""

    def __init__(self, transport: str, carrier: Carrier, office: Office) -> None:
        self.outcome, self.carrier, self.office = TRANSPORTS[transport], carrier, office

    def feed(self) -> Feed:
        return self.carrier.feed()

    @asynccontextmanager
    async def two_curses(self) -> AsyncIterator[None]:
        """A consumer that could read "well" and not the two curses around it; it goes on within the block."""
        async with self.office.following(self.feed()):
            await self.carrier.publish(DECK, "curse 1", "well", "curse 2")
            await eventually(lambda: self.office.waiting(2), within=LONG)
            await eventually(lambda: self.office.done("well"), within=LONG)
            yield


@pytest.fixture(params=TRANSPORTS)
async def scene(
    request: pytest.FixtureRequest,
    event_store: EventStore,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> AsyncIterator[Scene]:
    transport = request.param
    if transport == "kafka":
        bootstrap = request.getfixturevalue("kafka_bootstrap")
        async with (
            kafka_carrier(event_store, bootstrap) as kafka,
            dead_letter_office(event_store, capsys, f"{CONSUMER}-{kafka.topic}", bootstrap) as office,
        ):
            yield Scene(transport, kafka, office)
        return
    opened = own_carrier(event_store) if transport == "own" else changes_carrier(event_store, tmp_path)
    async with opened as carrier, dead_letter_office(event_store, capsys, CONSUMER) as office:
        yield Scene(transport, carrier, office)


async def test_what_could_not_be_handled_is_listed_with_its_reason(scene: Scene) -> None:
    async with scene.two_curses():
        _, (first, second) = await scene.office.asked("list")
    assert (first["type"], first["reason"], first["attempts"]) == (
        "tests.line.written.v1",
        "KeyError: 'broken'",
        2,
    )
    assert first["consumer"] == scene.office.consumer
    assert first["number"] < second["number"]
    assert first["place"] != second["place"]


async def test_letters_are_replayed_in_their_order_and_take_effect_once(scene: Scene) -> None:
    async with scene.two_curses():
        scene.office.broken = False
        code, outcomes = await scene.office.asked("replay")
        assert (code, [each["outcome"] for each in outcomes]) == (0, [scene.outcome] * 2)
        await eventually(lambda: scene.office.done("well", "curse 1", "curse 2"), within=LONG)
        assert await scene.office.waiting(0)
        scene.office.event_store.run(
            "UPDATE dead_letters SET replayed_at = NULL"
        )  # as if it had died just before
        await scene.office.asked("replay")
        await scene.carrier.publish(DECK, "after")
        await eventually(lambda: scene.office.done("well", "curse 1", "curse 2", "after"), within=LONG)


async def test_a_letter_that_fails_again_waits_again(scene: Scene) -> None:
    async with scene.two_curses():
        _, (first, _) = await scene.office.asked("list")
        await scene.office.asked("replay", str(first["number"]))
        await eventually(lambda: scene.office.waiting(2), within=LONG)
        scene.office.broken = False
        assert (await scene.office.asked("replay"))[0] == 0
        await eventually(lambda: _both(scene.office), within=LONG)


async def _both(office: Office) -> bool:
    return sorted(office.effects()) == ["curse 1", "curse 2", "well"]


async def test_a_discarded_letter_is_kept_with_the_reason_and_never_replayed(scene: Scene, user: str) -> None:
    async with scene.two_curses():
        _, (first, _) = await scene.office.asked("list")
        number = str(first["number"])
        assert (await scene.office.asked("discard", number, "a test of the printer"))[0] == 0
        assert await scene.office.waiting(1)
        assert (await scene.office.asked("replay", number))[0] == 1
        assert (await scene.office.asked("discard", number, "again"))[0] == 1
        _, (letter,) = await scene.office.asked("show", number)
    assert letter["discard_reason"] == "a test of the printer"
    assert letter["discarded_by"] == user
    assert letter["discarded_at"] is not None
    assert scene.office.effects() == ["well"]


@pytest.fixture
async def office(event_store: EventStore, capsys: pytest.CaptureFixture[str]) -> AsyncIterator[Office]:
    async with dead_letter_office(event_store, capsys, CONSUMER) as office:
        yield office


async def kept(office: Office, value: bytes, offset: int = 7, **headers: bytes) -> str:
    delivery = Delivery(
        MessagePlace("lines", 0, offset), None, "nonsense", None, value, tuple(headers.items())
    )
    await DeadLetterParking(office.engine, CONSUMER).keep(delivery, FAILURE)
    return str((await office.asked("list"))[1][0]["number"])


@pytest.mark.parametrize(
    "value", [b'{"name": ["about 1234567890"], "1234567890": 1234567890}', b"\xff1234567890{"]
)
async def test_nothing_that_looks_like_an_ssid_is_shown(office: Office, value: bytes) -> None:
    number = await kept(office, value, ce_subject=b"1234567890")
    assert (await office.asked("discard", number, "of 1234567890", "1234567890"))[0] == 0
    _, answers = await office.asked("show", number)
    assert "1234567890" not in str(answers)
    assert str(answers).count("**********") >= 4


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> str:
    """Who is at the keyboard."""
    monkeypatch.delenv("SUDO_USER", raising=False)
    monkeypatch.setenv("LOGNAME", "olive")
    return "olive"


async def test_what_was_given_up_says_when_by_whom_and_why(office: Office, user: str) -> None:
    first = await kept(office, b"{")
    await office.asked("discard", first, "nonsense", "Olive, for Ada")
    second = await kept(office, b"[", offset=8)
    _, (outcome,) = await office.asked("discard", second, "more of it")
    assert outcome["by"] == user
    assert await office.waiting(0)
    _, listed = await office.asked("list", "discarded")
    assert [(letter["discarded_by"], letter["discard_reason"]) for letter in listed] == [
        ("Olive, for Ada", "nonsense"),
        (user, "more of it"),
    ]
    assert all(letter["discarded_at"] for letter in listed)


async def test_behind_sudo_stands_somebody(
    office: Office, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUDO_USER", "ada")
    _, (outcome,) = await office.asked("discard", await kept(office, b"{"), "nonsense")
    assert outcome["by"] == "ada" != user


async def test_what_is_malformed_is_not_replayed(office: Office) -> None:
    number = await kept(office, b"{", ce_type=b"tests.line.written.v1")
    code, (outcome,) = await office.asked("replay", number)
    assert (code, outcome["outcome"], outcome["reason"]) == (
        1,
        "failed",
        "content-type is not application/json",
    )
    assert await office.waiting(1)


@pytest.mark.parametrize("words", [["show", "99"], ["replay", "99"], ["discard", "99", "why"]])
async def test_what_cannot_be_done_is_said(office: Office, words: list[str]) -> None:
    assert await office.asked(*words) == (1, [])


async def test_no_dead_letters_are_no_lines(office: Office) -> None:
    assert await office.asked("list") == (0, [])
    assert await office.asked("replay") == (0, [])
