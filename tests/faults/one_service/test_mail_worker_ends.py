"""The mail worker is killed at the worst moment, or stopped and followed by another."""

from __future__ import annotations

import asyncio
import email
import signal
from dataclasses import dataclass
from pathlib import Path

import psycopg
from aiosmtpd.smtp import SMTP, Envelope, Session

from shared.persistence.engine import driver_url
from tests.support.contracts.published import incident_submitted
from tests.support.eventually import eventually
from tests.support.notifications.process import processes
from tests.support.servers.mail_servers import Script, answering


@dataclass
class Assassin(Script):
    """Takes a mail, and kills the worker before its answer can be recorded."""

    victim: asyncio.subprocess.Process | None = None

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it by this name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.victim is not None:
            self.victim.send_signal(signal.SIGKILL)
            self.victim = None
        return await super().handle_DATA(server, session, envelope)


def message_ids(script: Script) -> list[str]:
    return [
        str(email.message_from_bytes(envelope.original_content or b"")["Message-ID"])
        for envelope in script.taken
    ]


def statuses(database: str) -> list[tuple[str, int]]:
    with psycopg.connect(driver_url(database)) as connection:
        return connection.execute("SELECT status, attempts FROM message_list").fetchall()


def queued(database: str) -> int:
    with psycopg.connect(driver_url(database)) as connection:
        return len(connection.execute("SELECT 1 FROM outgoing").fetchall())


async def test_a_worker_killed_between_the_250_and_its_record_repeats_the_mail_once(
    database: str, tmp_path: Path
) -> None:
    script = Assassin()
    async with answering(script) as port, processes(database, port, tmp_path) as service:
        async with service.running("worker") as first:
            script.victim = first
            service.incidents.events.append(incident_submitted(cde_copy=False))
            await asyncio.wait_for(first.wait(), 30)
        assert len(script.taken) == 1

        async def settled() -> bool:
            return statuses(database) == [("delivered", 2)] and queued(database) == 0

        async with service.running("worker"):
            await eventually(settled, within=30)
    ids = message_ids(script)
    assert len(ids) == 2
    assert len(set(ids)) == 1


async def test_a_worker_that_is_asked_to_stop_ends_well_and_another_goes_on(
    database: str, tmp_path: Path
) -> None:
    script = Script()
    async with answering(script) as port, processes(database, port, tmp_path) as service:

        async def all_settled() -> bool:
            return statuses(database) == [("delivered", 1)] * len(service.incidents.events)

        for number in (1, 2):
            service.incidents.events.append(incident_submitted(number, cde_copy=False))
            async with service.running("worker") as worker:
                await eventually(all_settled, within=30)
            assert worker.returncode == 0
        code, said = await service.run("rebuild")
        assert (code, statuses(database)) == (0, [("delivered", 1)] * 2)
        assert "rebuild message_list" in said
    assert len(script.taken) == 2
