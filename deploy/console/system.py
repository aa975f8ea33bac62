"""The whole local system as one block: started in order, stopped in reverse, whatever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from types import FrameType
from typing import TypeVar

from deploy.console.doorways import migrate
from deploy.console.place import HOST, NOTHING_BETWEEN, ROOT, SERVICES, Between, Notes, Place, Ports
from deploy.console.postgres import Postgres, postgres
from deploy.console.preflight import refuse_taken_ports
from deploy.console.programs import programs
from deploy.console.readiness import wait_until_ready
from deploy.console.supervisor import Supervisor, refuse_dead, stop_leftover, supervised
from deploy.console.tokens import write_tokens
from deploy.console.trouble import Trouble
from deploy.kafka.broker import Broker
from deploy.kafka.jars import CannotRun
from shared.messaging.kafka import topics
from shared.messaging.kafka.client import KafkaError

T = TypeVar("T")

READY_WITHIN = 180.0  # seconds: ten starting processes on a busy machine
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
TOKEN_HOURS = 24 * 30.0  # a sandbox's tokens should outlive a working day


class Stopped(BaseException):
    """Somebody asked the system to stop (Ctrl-C, SIGTERM): not an error, so not an ``Exception``."""


@dataclass(frozen=True)
class Wanted:
    """What kind of run is asked for."""

    place: Place
    ports: Ports
    kafka: bool = False
    separate_relays: bool = False
    between: Between = NOTHING_BETWEEN


@dataclass(frozen=True)
class Running:
    """A system that is up."""

    notes: Notes
    names: list[str]  # of the processes
    tokens: dict[str, str]  # by role
    check: Callable[[], None]  # raises Trouble when it is not up any more


@contextmanager
def system(wanted: Wanted, *, say: Callable[[str], None]) -> Iterator[Running]:
    """Start everything, wait until it is ready, and stop it at the end of the block.

    :raises Trouble: it cannot start; what was started is stopped again.
    """
    began = time.monotonic()
    place = wanted.place
    with ExitStack() as stack:
        stack.enter_context(place.alone())
        _stop_leftovers(wanted)
        refuse_taken_ports(wanted.ports, kafka=wanted.kafka)
        say("PostgreSQL 18")
        database = stack.enter_context(_announced("PostgreSQL", postgres(place), say))
        notes = _notes(wanted, database)
        if wanted.kafka:
            say("Apache Kafka 4.3.1 (the first time fetches its jars)")
            stack.enter_context(_announced("Kafka", _kafka(_broker(wanted)), say))
        tokens = write_tokens(place, TOKEN_HOURS)
        say("migrations")
        migrate(place, notes)
        kept = list(programs(place, notes))
        say(f"{len(kept)} processes")
        process = stack.enter_context(_announced("the processes", supervised(place, kept), say))
        _wait(place, notes, process)
        notes = replace(notes, seconds_to_ready=round(time.monotonic() - began, 1))
        notes.write(place)
        stack.callback(place.notes.unlink, missing_ok=True)
        check = partial(_check, wanted, database, process, say)
        yield Running(notes, [program.name for program in kept], tokens, check)


def _check(
    wanted: Wanted, database: Postgres, process: subprocess.Popen[bytes], say: Callable[[str], None]
) -> None:
    """Bring back what the supervisor does not look after.

    :raises Trouble: the system cannot go on.
    """
    refuse_dead(wanted.place, process)
    if not database.alive():
        say("PostgreSQL is gone; it is started again")
        database.bring_back()
        say("PostgreSQL is back")
    if wanted.kafka and _broker(wanted).crashed():
        say("Kafka is gone; it is started again")
        _launch(_broker(wanted), say)


def _launch(broker: Broker, say: Callable[[str], None]) -> None:
    """Start a crashed broker, and do not wait for it: filing goes on without, and the next look sees more."""
    try:
        broker.launch()
    except CannotRun as error:
        say(f"Kafka does not start: {error}")


@contextmanager
def _kafka(broker: Broker) -> Iterator[None]:
    """Run the broker with its topics for as long as the block."""
    try:
        _start(broker)
        yield
    finally:
        broker.stop()


def _start(broker: Broker) -> None:
    """Start it and create what topics are missing.

    :raises Trouble: no Java, no jars, or it does not answer.
    """
    try:
        broker.start()
        topics.create(broker.bootstrap, topics.declared(ROOT / "deploy/kafka/topics.yaml"))
    except (CannotRun, topics.TopicMismatch, KafkaError) as error:
        raise Trouble(str(error)) from error


def _broker(wanted: Wanted) -> Broker:
    ports = wanted.ports
    advertised = wanted.between.kafka
    return Broker(wanted.place.kafka, ports.kafka, ports.kafka_controller, advertised=advertised)


def _stop_leftovers(wanted: Wanted) -> None:
    """What a console that was killed could not stop any more."""
    stop_leftover(wanted.place)
    _broker(wanted).stop()


@contextmanager
def stopped_by_signals() -> Iterator[None]:
    """Turn the first Ctrl-C, SIGTERM or closed terminal into :class:`Stopped`; later ones do nothing."""

    def stop(number: int, _frame: FrameType | None) -> None:
        for each in ENDINGS:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(signal.Signals(number).name)

    before = {each: signal.signal(each, stop) for each in ENDINGS}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def notes_for(ports: Ports, socket: str, *, kafka: bool = False, separate_relays: bool = False) -> Notes:
    """What processes and other commands are told about a system with these ports."""
    opened = ports.named(kafka=kafka)
    return Notes(
        urls={name: f"http://{HOST}:{opened[name]}" for name in SERVICES},
        ports=opened,
        kafka=f"{HOST}:{ports.kafka}" if kafka else None,
        socket=socket,
        separate_relays=separate_relays,
        pid=os.getpid(),
    )


def _notes(wanted: Wanted, database: Postgres) -> Notes:
    """As :func:`notes_for`, with what stands in between."""
    own = notes_for(wanted.ports, database.socket, kafka=wanted.kafka, separate_relays=wanted.separate_relays)
    between = wanted.between
    return replace(
        own,
        socket=between.postgres or own.socket,
        kafka=(between.kafka or own.kafka) if wanted.kafka else None,
        smtp=between.smtp,
    )


def _wait(place: Place, notes: Notes, process: subprocess.Popen[bytes]) -> None:
    doors = notes.urls | {
        f"{name}-worker": f"http://{HOST}:{notes.ports[f'{name}_worker']}" for name in SERVICES
    }
    wait_until_ready(
        doors,
        within=READY_WITHIN,
        look=lambda: refuse_dead(place, process),
        running=Supervisor(place).all_run,
    )


@contextmanager
def _announced(what: str, block: AbstractContextManager[T], say: Callable[[str], None]) -> Iterator[T]:
    """The block; says what is stopping when it ends, since stopping takes its time."""
    with ExitStack() as stack:
        value = stack.enter_context(block)
        stack.callback(say, f"stopping {what}")
        yield value
