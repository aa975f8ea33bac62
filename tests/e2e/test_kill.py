"""`kill -9` of every process in turn while cases are filed: nothing is lost, nothing comes twice."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from deploy.console.mailbox import Mail, read_mailbox
from deploy.console.place import SERVICES
from shared.kernel.actor import Role
from tests.support.eventually import eventually
from tests.support.filings import Clients, Journal
from tests.support.killing import Killer
from tests.support.listing import all_of, differences, every_message_is_delivered, everything_listed
from tests.support.system import RunningSystem, require_kafka, short_folder, started

SECONDS = float(os.environ.get("STAIRS_KILL_SECONDS", "60"))
PER_SECOND = float(os.environ.get("STAIRS_KILL_FILINGS", "8"))
SETTLED_WITHIN = 120.0

pytestmark = pytest.mark.timeout(600 + SECONDS)

APIS_AND_WORKERS = tuple(f"{service}-{verb}" for verb in ("api", "worker") for service in SERVICES)
RELAYS = tuple(f"{service}-relay" for service in SERVICES)


@dataclass(frozen=True)
class Aftermath:
    """What is left when the stream has ended and everything has come to rest."""

    system: RunningSystem
    journal: Journal
    killer: Killer
    victims: tuple[str, ...]
    mails: list[Mail]


@pytest.fixture(scope="module", params=["feeds", "kafka"])
def aftermath(request: pytest.FixtureRequest) -> Iterator[Aftermath]:
    """The stream over, each process killed once, the last mail delivered."""
    with_kafka = request.param == "kafka"
    if with_kafka:
        require_kafka()
    options = ("--kafka", "--separate-relays") if with_kafka else ()
    with short_folder() as folder, started(folder / "var", *options) as system:
        victims = APIS_AND_WORKERS + (RELAYS if with_kafka else ())
        killer = Killer(system.place, SECONDS)
        journal = asyncio.run(_file_while_killing(system, killer, victims))
        mails = asyncio.run(_all_mails(system, journal))
        report(request.config, f"{request.param}: {summary(journal, killer, mails)}")
        yield Aftermath(system, journal, killer, victims, mails)


async def _file_while_killing(system: RunningSystem, killer: Killer, victims: tuple[str, ...]) -> Journal:
    journal = Journal()
    over = asyncio.Event()
    filing = asyncio.create_task(Clients(system, journal, PER_SECOND).file_until(over.is_set))
    await killer.kill_in_turn(victims)
    over.set()
    await filing
    return journal


async def _all_mails(system: RunningSystem, journal: Journal) -> list[Mail]:
    """The mailbox at rest: also what a killed sender had in hand was taken up again, after its lease."""

    async def mailed() -> bool:
        arrived = {mail.case_number for mail in read_mailbox(system.place.mail)}
        missing = set(journal.acknowledged) - arrived
        assert not missing, f"{len(missing)} of {len(journal.acknowledged)} confirmations are not mailed"
        return True

    await eventually(mailed, within=SETTLED_WITHIN)
    await eventually(partial(every_message_is_delivered, system), within=SETTLED_WITHIN)
    return read_mailbox(system.place.mail)


def report(config: pytest.Config, words: str) -> None:
    """On the terminal, whatever becomes of the tests: the figures of this run."""
    plugins = config.pluginmanager
    with plugins.getplugin("capturemanager").global_and_fixture_disabled():
        plugins.getplugin("terminalreporter").write_line(f"\n{words}")


def summary(journal: Journal, killer: Killer, mails: list[Mail]) -> str:
    name, seconds = max(killer.killed, key=lambda kill: kill[1])
    repeats = sum(mail.repeats for mail in mails)
    return (
        f"{len(journal.acknowledged)} filings by {journal.attempts} requests, {len(killer.killed)} kills, "
        f"back after at most {seconds:.1f} s ({name}), {len(mails)} mails, {repeats} repeated"
    )


def test_each_process_was_killed_while_cases_were_filed(aftermath: Aftermath) -> None:
    assert aftermath.killer.names == set(aftermath.victims)
    assert len(aftermath.journal.acknowledged) > SECONDS


def test_every_acknowledged_filing_is_there_once(aftermath: Aftermath) -> None:
    assert not aftermath.journal.numbers_said_twice
    listed = all_of(aftermath.system, "incidents", "/v1/incidents")
    numbers = Counter(str(case["case_number"]) for case in listed if case["status"] != "draft")
    assert numbers == Counter(dict.fromkeys(aftermath.journal.acknowledged, 1))
    assert {str(case["id"]) for case in listed} == set(aftermath.journal.acknowledged.values())


async def test_every_case_was_concluded(aftermath: Aftermath) -> None:
    async def concluded() -> bool:
        listed = await asyncio.to_thread(all_of, aftermath.system, "incidents", "/v1/incidents")
        return {case["status"] for case in listed} == {"processed"}

    await eventually(concluded, within=SETTLED_WITHIN)


def test_every_confirmation_is_in_the_mailbox_once(aftermath: Aftermath) -> None:
    confirmations = Counter(mail.case_number for mail in aftermath.mails if mail.kind == "case_submitted")
    assert confirmations == Counter(dict.fromkeys(aftermath.journal.acknowledged, 1))


def test_the_read_models_equal_rebuilt_ones(aftermath: Aftermath) -> None:
    before = everything_listed(aftermath.system)
    rebuilt = aftermath.system.stairs("rebuild")
    assert rebuilt.returncode == 0, rebuilt.stdout + rebuilt.stderr
    assert differences(before, everything_listed(aftermath.system)) == []


def test_the_services_answer_as_before(aftermath: Aftermath) -> None:
    with aftermath.system.client("notifications", Role.AUDITOR) as notifications:
        assert notifications.get("/readyz").json()["status"] == "ready"
