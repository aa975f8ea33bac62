"""What could not be handled, and a topic that was lost, are seen to by the console while all runs."""

from __future__ import annotations

import os
import subprocess
from functools import partial

import pytest

from deploy.console.folders import ROOT
from deploy.console.local.mailbox import read_mailbox
from deploy.console.ports import SERVICES
from shared.contracts import incidents_v1
from shared.messaging.kafka.client import Record, open_producer, post, wait_for
from tests.support.contracts.published import incident_submitted
from tests.support.eventually import eventually
from tests.support.messaging.wire import Wire
from tests.support.servers.kafka import messages
from tests.support.system.listing import every_message_is_delivered
from tests.support.system.system import CONSOLE, RunningSystem

pytestmark = pytest.mark.timeout(600)

REASON = "a test of the table"
LONG = 120.0  # seconds, on a busy machine


def stairs(system: RunningSystem, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "STAIRS_DIR": str(system.place.var), "COLUMNS": "200"}
    command = [*CONSOLE, *words]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def publish_what_nobody_understands(bootstrap: str) -> None:
    message = Wire.of(incident_submitted(987_654)).saying(type="stairs.incident.submitted.v2")
    record: Record = message.record(incidents_v1.TOPIC)
    producer = open_producer(bootstrap, "tests")
    assert wait_for(post(producer, record), 20.0)
    producer.close(timeout=5.0)


def test_no_dead_letters_are_said_to_be_none(system: RunningSystem) -> None:
    said = stairs(system, "dead-letters", "list")
    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.startswith("No dead letters")


async def test_a_dead_letter_is_listed_shown_replayed_and_discarded(system: RunningSystem) -> None:
    if system.notes.kafka is None:
        refused = stairs(system, "dead-letters", "show", "appeals", "4711")
        assert (refused.returncode, "there is no dead letter 4711" in refused.stderr) == (1, True)
        return
    publish_what_nobody_understands(system.notes.kafka)
    await eventually(partial(_lists, system, "appeals", 1), within=LONG)
    assert "stairs.incident.submitted.v2" in stairs(system, "dead-letters", "show", "appeals", "1").stdout
    replayed = stairs(system, "dead-letters", "replay", "appeals")
    assert (replayed.returncode, replayed.stdout) == (0, "appeals 1 published\n")
    await eventually(
        partial(_lists, system, "notifications", 2), within=LONG
    )  # the other consumer heard it twice
    await eventually(partial(_lists, system, "appeals", 1), within=LONG)  # no better understood than before
    for service, number in (("appeals", "2"), ("notifications", "1"), ("notifications", "2")):
        done = stairs(system, "dead-letters", "discard", service, number, "--reason", REASON)
        assert done.returncode == 0, done.stdout + done.stderr
    assert REASON in stairs(system, "dead-letters", "show", "appeals", "2").stdout
    assert stairs(system, "dead-letters", "list").stdout.startswith("No dead letters")


async def _lists(system: RunningSystem, service: str, count: int) -> bool:
    said = stairs(system, "dead-letters", "list", service)
    assert said.stdout.count("version 2 of its type") == count, said.stdout + said.stderr
    return True


async def test_what_is_republished_changes_nothing(system: RunningSystem) -> None:
    if system.notes.kafka is None:
        refused = stairs(system, "republish", "incidents", "--from", "1")
        assert (refused.returncode, "KAFKA_BOOTSTRAP_SERVERS is not set" in refused.stderr) == (1, True)
        return
    assert system.stairs("demo", "E26").returncode == 0
    await eventually(partial(every_message_is_delivered, system), within=LONG)
    mails, before = (
        len(read_mailbox(system.place.mail)),
        len(messages(system.notes.kafka, incidents_v1.TOPIC)),
    )
    counted = stairs(system, "republish", "incidents", "--from", "1", "--dry-run")
    assert "would go to stairs.incidents.v1" in counted.stdout
    for service in SERVICES:
        done = stairs(system, "republish", service, "--from", "1")
        assert done.returncode == 0, done.stdout + done.stderr
    assert len(messages(system.notes.kafka, incidents_v1.TOPIC)) >= before
    assert system.stairs("demo", "E26").returncode == 0
    await eventually(partial(every_message_is_delivered, system), within=LONG)
    found = read_mailbox(system.place.mail)
    assert len(found) > mails
    assert not [mail.subject for mail in found if mail.repeats]
