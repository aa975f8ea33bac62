"""What `stairs backup` wrote brings a destroyed place back, and the system goes on as if nothing were."""

from __future__ import annotations

import asyncio
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from deploy.console.folders import ROOT
from deploy.console.local.mailbox import read_mailbox
from shared.kernel.actor import Role
from tests.support.eventually import eventually
from tests.support.servers.kafka import messages
from tests.support.system.filings import a_report
from tests.support.system.listing import (
    Listed,
    all_of,
    differences,
    every_message_is_delivered,
    everything_listed,
    ssids,
)
from tests.support.system.system import (
    CONSOLE,
    RunningSystem,
    free_offset,
    require_kafka,
    short_folder,
    started,
)

pytestmark = pytest.mark.timeout(900)

SETTLED = 180.0  # seconds until every mail is delivered, on a busy machine
TOPICS = ("stairs.incidents.v1", "stairs.appeals.v1", "stairs.notifications.v1")


@dataclass(frozen=True)
class Home:
    """Where one system lives, is destroyed, and comes back."""

    folder: Path
    offset: int
    options: tuple[str, ...]

    @property
    def var(self) -> Path:
        return self.folder / "var"

    @property
    def file(self) -> Path:
        return self.folder / "monday.stairs"

    @property
    def passphrase(self) -> tuple[str, str]:
        """What opens the keys, which the backup holds sealed."""
        path = self.folder / "passphrase"
        path.write_text("correct horse battery\n")
        return "--passphrase-file", str(path)

    def restore(self, file: Path | None = None) -> subprocess.CompletedProcess[str]:
        command = [*CONSOLE, "restore", str(file or self.file), "--dir", str(self.var), *self.passphrase]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)

    def destroy(self) -> None:
        shutil.rmtree(self.var)


@dataclass(frozen=True)
class Before:
    """What the system held when it was backed up, and after it, until it was destroyed."""

    listed: Listed
    ssids: dict[str, list[str]]  # of each case
    mails: set[str]  # Message-IDs
    events: int
    said: str


@pytest.fixture(scope="module", params=["feeds", "kafka"])
def home(request: pytest.FixtureRequest) -> Iterator[Home]:
    if request.param == "kafka":
        require_kafka()
    options = {"feeds": (), "kafka": ("--kafka",)}[request.param]
    with short_folder() as folder:
        yield Home(folder, free_offset(), options)


@pytest.fixture(scope="module")
def before(home: Home) -> Before:
    """Played, at rest, backed up, gone on with, and destroyed with all that belongs to it."""
    with started(home.var, *home.options, offset=home.offset) as system:
        played = system.stairs("demo", "E12", "E26", "E38", within=300)
        assert played.returncode == 0, played.stdout + played.stderr
        asyncio.run(eventually(partial(every_message_is_delivered, system), within=SETTLED))
        done = system.stairs("backup", str(home.file), "--with-keys", *home.passphrase)
        assert done.returncode == 0, done.stdout + done.stderr
        held = Before(
            everything_listed(system), ssids(system), arrived(home), events(system), done.stdout + done.stderr
        )
        file_a_case(system)  # after the backup: nobody will know of it
        assert system.stop(signal.SIGTERM) == 0
    home.destroy()
    return held


@pytest.fixture(scope="module")
def back(home: Home, before: Before) -> Iterator[RunningSystem]:
    """The system that was restored into the empty place."""
    done = home.restore()
    assert done.returncode == 0, done.stdout + done.stderr
    with started(home.var, *home.options, offset=home.offset) as system:
        yield system


def arrived(home: Home) -> set[str]:
    mails = read_mailbox(home.var / "mail")
    assert not [mail.subject for mail in mails if mail.repeats]
    return {mail.message_id for mail in mails}


def events(system: RunningSystem) -> int:
    """How many events stand on the broker; 0 where there is none."""
    bootstrap = system.notes.kafka
    return sum(len(messages(bootstrap, topic)) for topic in TOPICS) if bootstrap else 0


def file_a_case(system: RunningSystem) -> None:
    with system.client("incidents", Role.SITE_COORDINATOR) as incidents:
        case = incidents.post("/v1/incidents", json=a_report(1)).raise_for_status().json()
        incidents.post(f"/v1/incidents/{case['id']}/submit", json={}).raise_for_status()


def test_a_backup_says_what_it_is_and_is_its_owners_alone(before: Before, home: Home) -> None:
    assert home.file.stat().st_mode & 0o777 == 0o600
    assert re.search(r"MB, up to incidents \d+, appeals \d+, notifications \d+", before.said)
    assert "it holds the keys, sealed" in before.said
    written = home.file.read_bytes()
    assert not [ssid for each in before.ssids.values() for ssid in each if ssid.encode() in written]


def test_every_case_appeal_and_message_is_there_again(before: Before, back: RunningSystem) -> None:
    assert len(before.listed["incidents"]) == 3
    assert differences(before.listed, everything_listed(back)) == []


def test_every_ssid_can_be_read(before: Before, back: RunningSystem) -> None:
    assert sum(map(len, before.ssids.values())) > 0
    assert ssids(back) == before.ssids


async def test_topics_are_filled_again_with_what_the_restored_events_say(
    before: Before, back: RunningSystem
) -> None:
    async def filled() -> bool:
        return events(back) == before.events

    assert bool(before.events) == bool(back.notes.kafka)
    await eventually(filled, within=SETTLED)


async def test_the_story_goes_on_and_no_mail_is_sent_twice(
    before: Before, back: RunningSystem, home: Home
) -> None:
    played = back.stairs("demo", "E26", within=300)
    assert played.returncode == 0, played.stdout + played.stderr
    await eventually(partial(every_message_is_delivered, back), within=SETTLED)
    assert len(all_of(back, "incidents", "/v1/incidents")) == len(before.listed["incidents"]) + 1
    assert before.mails
    assert arrived(home).isdisjoint(before.mails)
    assert len(arrived(home)) + len(before.mails) == len(all_of(back, "notifications", "/v1/notifications"))


def test_while_a_system_runs_nothing_is_restored(back: RunningSystem, home: Home) -> None:
    refused = home.restore()
    assert refused.returncode == 1
    assert "in use by another `stairs run`" in refused.stderr


def test_a_backup_never_takes_anothers_place(back: RunningSystem, home: Home) -> None:
    refused = back.stairs("backup", str(home.file))
    assert refused.returncode == 1
    assert f"{home.file} exists" in refused.stderr


def test_after_a_stop_it_is_backed_up_as_well_and_nothing_is_restored_over_data(
    before: Before, back: RunningSystem, home: Home
) -> None:
    assert back.stop(signal.SIGTERM) == 0
    again = home.folder / "tuesday.stairs"
    assert back.stairs("backup", str(again)).returncode == 0
    refused = home.restore(again)
    assert refused.returncode == 1
    assert f"nothing is restored over data, and there is some in {home.var / 'postgres'}" in refused.stderr
    assert not (home.var / "postgres" / "postmaster.pid").exists()
