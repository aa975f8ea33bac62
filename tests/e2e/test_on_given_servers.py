"""One whole story, from filing to the mail, on a PostgreSQL and a broker that somebody else runs.

`stairs run` brings its own; here every process stands on what the session was given: on containers, where
``STAIRS_INFRA=containers``.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest

from deploy.console.errors import last_lines
from deploy.console.folders import ROOT, StateFolder
from deploy.console.keys.tokens import write_tokens
from deploy.console.local.mailbox import read_mailbox
from deploy.console.local.programs import Program, plain_environment, programs, verb
from deploy.console.local.readiness import wait_until_ready
from deploy.console.local.run_record import RunRecord, record_for
from deploy.console.ports import HOST, SERVICES, Ports
from shared.messaging.kafka import topics
from tests.support.servers.kafka import messages
from tests.support.servers.postgres import new_database
from tests.support.system.system import CONSOLE, end_with_its_starter, free_offset, short_folder

pytestmark = pytest.mark.timeout(600)

READY = 240.0  # seconds for seven processes, on a busy machine
DECLARED = ROOT / "deploy/kafka/topics.yaml"


@pytest.fixture(scope="module")
def place() -> Iterator[StateFolder]:
    with short_folder() as folder:
        place = StateFolder.at(folder / "var")
        write_tokens(place, hours=1)
        yield place


@pytest.fixture(scope="module")
def notes(place: StateFolder, postgres_server: str, kafka_bootstrap: str) -> Iterator[RunRecord]:
    """The mailbox, and api and worker of each service, on a new database each."""
    topics.create(kafka_bootstrap, topics.declared(DECLARED))
    told = replace(record_for(Ports().shifted(free_offset()), socket=""), kafka=kafka_bootstrap)
    with ExitStack() as stack:
        databases = {
            f"{name.upper()}_DATABASE_URL": stack.enter_context(new_database(postgres_server))
            for name in SERVICES
        }
        kept = [on(databases, program) for program in programs(place, told)]
        for service in SERVICES:
            migrate(service, next(program for program in kept if program.name == f"{service}-api"))
        running = {program.name: stack.enter_context(process(place, program)) for program in kept}
        workers = {name: f"http://{HOST}:{told.ports[f'{name}_worker']}" for name in SERVICES}
        wait_until_ready(
            {**told.urls, **{f"{name}-worker": url for name, url in workers.items()}},
            within=READY,
            look=lambda: all_live(place, running),
            running=lambda: True,
        )
        told.write(place)
        yield told


def on(databases: dict[str, str], program: Program) -> Program:
    given = {name: url for name, url in databases.items() if name in program.environment}
    return replace(program, environment=program.environment | given)


def migrate(service: str, program: Program) -> None:
    environment = plain_environment() | program.environment
    subprocess.run(verb(service, "migrate"), cwd=ROOT, env=environment, check=True)


@contextmanager
def process(place: StateFolder, program: Program) -> Iterator[subprocess.Popen[bytes]]:
    with (place.log / f"{program.name}.log").open("wb") as log:
        process = subprocess.Popen(
            program.argv,
            cwd=ROOT,
            env=plain_environment() | program.environment,
            stdout=log,
            stderr=subprocess.STDOUT,
            preexec_fn=end_with_its_starter,  # noqa: PLW1509 - one call into the C library, no lock of ours
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def all_live(place: StateFolder, running: dict[str, subprocess.Popen[bytes]]) -> None:
    for name, each in running.items():
        assert each.poll() is None, f"{name} ended:\n{last_lines(place.log / f'{name}.log')}"


@pytest.fixture(scope="module")
def told(place: StateFolder, notes: RunRecord) -> str:
    """What the demonstration prints."""
    command = [*CONSOLE, "demo", "E26", "E38", "--within", "120", "--dir", str(place.var)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return done.stdout


def test_the_story_comes_out_as_the_manual_says(told: str) -> None:
    assert "carried by Apache Kafka" in told
    assert ": as the manual says" in told


def test_its_mails_came_once(told: str, place: StateFolder) -> None:
    mails = read_mailbox(place.mail)
    assert len(mails) >= 6
    assert not [mail.subject for mail in mails if mail.repeats]


@pytest.mark.parametrize("declared", topics.declared(DECLARED), ids=lambda declared: declared.name)
def test_what_happened_stands_in_the_topics(told: str, notes: RunRecord, declared: topics.Topic) -> None:
    if not declared.name.endswith(".dlq"):
        assert messages(notes.kafka or "", declared.name)
