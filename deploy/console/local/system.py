"""The whole local system as one block: started in order, stopped in reverse, whatever ends it."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from types import FrameType
from typing import TypeVar

from deploy.console.errors import CommandError
from deploy.console.folders import ROOT, StateFolder
from deploy.console.keys.tokens import renew_tokens, write_tokens
from deploy.console.local.postgres import Postgres, postgres
from deploy.console.local.preflight import refuse_taken_ports
from deploy.console.local.programs import programs
from deploy.console.local.readiness import wait_until_ready
from deploy.console.local.run_options import RunOptions
from deploy.console.local.run_record import RunRecord, record_for
from deploy.console.local.service_commands import migrate
from deploy.console.local.supervisor import Supervisor, refuse_dead, stop_leftover, supervised
from deploy.console.ports import HOST, SERVICES
from deploy.kafka.broker import Broker
from deploy.kafka.jars import BrokerUnavailable
from shared.http.signing_key import HOURS

T = TypeVar("T")

READY_WITHIN = 180.0  # seconds: ten starting processes on a busy machine
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked the system to stop (Ctrl-C, SIGTERM): not an error, so not an ``Exception``."""


@dataclass(frozen=True)
class LocalSystem:
    """A system that is up."""

    record: RunRecord
    names: list[str]  # of the processes
    tokens: dict[str, str]  # by role
    check: Callable[[], None]  # raises Trouble when it is not up any more


@contextmanager
def system(options: RunOptions, *, say: Callable[[str], None]) -> Iterator[LocalSystem]:
    """Start everything, wait until it is ready, and stop it at the end of the block.

    :raises CommandError: it cannot start; what was started is stopped again.
    """
    began = time.monotonic()
    state = options.state
    with ExitStack() as stack:
        stack.enter_context(state.alone())
        _stop_leftovers(options)
        refuse_taken_ports(options.ports, kafka=options.kafka)
        say("PostgreSQL 18")
        database = stack.enter_context(_announced("PostgreSQL", postgres(state), say))
        record = _record(options, database)
        if options.kafka:
            say("Apache Kafka 4.3.1 (the first time fetches its jars)")
            stack.enter_context(_announced("Kafka", _kafka(_broker(options)), say))
        tokens = write_tokens(state, HOURS)
        say("migrations")
        migrate(state, record)
        kept = list(programs(state, record))
        say(f"{len(kept)} processes")
        process = stack.enter_context(_announced("the processes", supervised(state, kept), say))
        _wait(state, record, process)
        record = replace(record, seconds_to_ready=round(time.monotonic() - began, 1))
        record.write(state)
        stack.callback(state.run_record.unlink, missing_ok=True)
        check = partial(_check, options, database, process, say)
        yield LocalSystem(record, [program.name for program in kept], tokens, check)


def _check(
    options: RunOptions, database: Postgres, process: subprocess.Popen[bytes], say: Callable[[str], None]
) -> None:
    """Bring back what the supervisor does not look after.

    :raises CommandError: the system cannot go on.
    """
    refuse_dead(options.state, process)
    renew_tokens(options.state, HOURS)
    if not database.alive():
        say("PostgreSQL is gone; it is started again")
        database.bring_back()
        say("PostgreSQL is back")
    if options.kafka and _broker(options).crashed():
        say("Kafka is gone; it is started again")
        _launch(_broker(options), say)


def _launch(broker: Broker, say: Callable[[str], None]) -> None:
    """Start a crashed broker, and do not wait for it: filing goes on without, and the next look sees more."""
    try:
        broker.launch()
    except BrokerUnavailable as error:
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

    :raises CommandError: no Java, no jars, or it does not answer.
    """
    from shared.messaging.kafka import topics
    from shared.messaging.kafka.client import KafkaError

    try:
        broker.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        broker.start()
        topics.create(broker.bootstrap, topics.declared(ROOT / "deploy/kafka/topics.yaml"))
    except (BrokerUnavailable, topics.TopicMismatch, KafkaError) as error:
        raise CommandError(str(error)) from error


def _broker(options: RunOptions) -> Broker:
    ports = options.ports
    advertised = options.overrides.kafka
    return Broker(options.state.kafka, ports.kafka, ports.kafka_controller, advertised=advertised)


def _stop_leftovers(options: RunOptions) -> None:
    """What a console that was killed could not stop any more."""
    stop_leftover(options.state)
    _broker(options).stop()


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


def _record(options: RunOptions, database: Postgres) -> RunRecord:
    """As :func:`record_for`, with the addresses that are overridden."""
    own = record_for(
        options.ports, database.socket, kafka=options.kafka, separate_relays=options.separate_relays
    )
    overrides = options.overrides
    return replace(
        own,
        socket=overrides.postgres or own.socket,
        kafka=(overrides.kafka or own.kafka) if options.kafka else None,
        smtp=overrides.smtp,
    )


def _wait(state: StateFolder, record: RunRecord, process: subprocess.Popen[bytes]) -> None:
    urls = record.urls | {
        f"{name}-worker": f"http://{HOST}:{record.ports[f'{name}_worker']}" for name in SERVICES
    }
    wait_until_ready(
        urls,
        within=READY_WITHIN,
        look=lambda: refuse_dead(state, process),
        running=Supervisor(state).all_run,
    )


@contextmanager
def _announced(what: str, block: AbstractContextManager[T], say: Callable[[str], None]) -> Iterator[T]:
    """The block; says at its end what is stopped, because that takes some seconds."""
    with ExitStack() as stack:
        value = stack.enter_context(block)
        stack.callback(say, f"stopping {what}")
        yield value
