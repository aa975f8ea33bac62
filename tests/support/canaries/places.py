"""Every place of a running system in which something is kept, or from which something leaves."""

from __future__ import annotations

import email
import email.policy
import re
import subprocess
import tarfile
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
from psycopg import sql

from deploy.console.backup.postgres_tools import tool
from deploy.console.keys.secret_files import owner_of
from deploy.console.local.postgres import database_url
from deploy.console.ports import HOST, SERVICES
from shared.kernel.actor import Role
from tests.support.canaries.numbers import Kind, found_in
from tests.support.servers.kafka import messages
from tests.support.system.system import RunningSystem

Place = tuple[str, bytes]
"""A name, and what is there."""

KAFKA_INDEXES = {".index", ".timeindex", ".snapshot"}  # positions alone, and long runs of zeros
TABLES = """
    SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
    WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1
"""


@dataclass
class Searched:
    """What was searched, and what was found."""

    places: Counter[str] = field(default_factory=Counter)  # by sort
    bytes: int = 0
    hits: list[str] = field(default_factory=list)
    apart: Counter[str] = field(default_factory=Counter)  # by kind and sort of place

    def __str__(self) -> str:
        sorts = ", ".join(f"{sort} {count}" for sort, count in self.places.most_common())
        passed = ", ".join(f"{where} {count}" for where, count in sorted(self.apart.items()))
        return (
            f"{self.places.total()} places ({sorts}), {self.bytes / 1e6:.0f} MB, hits {len(self.hits)}; "
            f"apart, since A-55 lets them pass: {passed or 'none'}"
        )

    def look(self, places: Iterable[Place]) -> Searched:
        """Search these, too."""
        for name, content in places:
            sort = name.partition(":")[0]
            self.places[sort] += 1
            self.bytes += len(content)
            for kind, disguise, around in found_in(content, Kind):
                if kind in (Kind.TELEPHONE, Kind.CALL):
                    self.apart[f"{kind.name.lower()} in {sort}"] += 1
                else:
                    self.hits.append(f"{name}: {kind.name} {disguise} in {around!r}")
        return self


def everywhere(system: RunningSystem, aside: Path, since: float) -> Iterator[Place]:
    """All of them.

    :param since: when the first canary was put somewhere; files that are older hold none.
    :param aside: an empty folder for a backup.
    """
    yield from rows(system)
    yield from files(system.place.var, since)
    yield ("screen", system.screen.read_bytes())
    yield from mails(system.place.mail)
    yield from on_topics(system)
    yield from figures(system)
    yield from backup(system, aside)


def rows(system: RunningSystem) -> Iterator[Place]:
    """Every table of every database, as its owner sees it: facts, receipts, read models, dead letters."""
    for service in SERVICES:
        address = database_url(system.place, service, system.notes.socket, role=owner_of(service))
        with psycopg.connect(address) as connection:
            # what is in memory only comes to the files that are searched next
            for (table,) in connection.execute(TABLES).fetchall():
                query = sql.SQL("COPY (SELECT (t.*)::text FROM {} t) TO STDOUT").format(sql.SQL(table))
                with connection.cursor().copy(query) as copy:
                    content = b"".join(bytes(part) for part in copy)
                # what is stored as bytes is shown in hexadecimal digits
                plain = b"\n".join(
                    map(bytes.fromhex, re.findall(r"\\\\x((?:[0-9a-f]{2})+)", content.decode()))
                )
                yield f"table:{service}.{table}", content
                yield f"table:{service}.{table}, bytes", plain


def files(var: Path, since: float) -> Iterator[Place]:
    """Every file: PostgreSQL's with its write-ahead log, the broker's, logs, audit, mailbox, what runs."""
    for path in sorted(var.rglob("*")):
        if path.is_file() and path.suffix not in KAFKA_INDEXES:
            try:
                if path.stat().st_mtime < since:
                    continue
                # the write-ahead log and the broker's segments are made larger than what they hold
                content = path.read_bytes().rstrip(b"\0")
            except FileNotFoundError:  # PostgreSQL and Kafka remove files as they go
                continue
            yield f"{path.relative_to(var).parts[0]}:{path.relative_to(var)}", content


def mails(folder: Path) -> Iterator[Place]:
    """Each mail as it is read: the file has it as it was sent."""
    for path in folder.glob("*.eml"):
        mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
        yield f"mail read:{path.name}", "\n".join(f"{name}: {value}" for name, value in mail.items()).encode()
        for part in mail.walk():
            if not part.is_multipart():
                content = part.get_payload(decode=True)
                yield f"mail read:{path.name}", content if isinstance(content, bytes) else b""


def on_topics(system: RunningSystem) -> Iterator[Place]:
    """What consumers are given: messages of the broker, or of the feeds."""
    if system.notes.kafka:
        for service in SERVICES:
            for number, message in enumerate(messages(system.notes.kafka, f"stairs.{service}.v1")):
                parts = [message.key or b"", message.value or b"", *(v for _, v in message.headers)]
                yield f"topic:{service} {number}", b"\n".join(parts)
    for service in SERVICES:
        after, more = 0, True
        with system.client(service, Role.SYSTEM) as client:
            while more:
                page = client.get("/v1/changes", params={"after": after, "limit": 500})
                yield f"feed:{service} {after}", page.content
                told = page.json()["next_after"]
                more, after = told > after, told


def figures(system: RunningSystem) -> Iterator[Place]:
    """The metrics and the readiness of every process."""
    for name, port in system.notes.ports.items():
        if name.partition("_")[0] in SERVICES:
            for path in ("/metrics", "/readyz"):
                yield f"figures:{name}{path}", httpx.get(f"http://{HOST}:{port}{path}", timeout=30).content


def backup(system: RunningSystem, aside: Path) -> Iterator[Place]:
    """A backup without the keys: the file as it is, and what its dumps hold when they are unpacked."""
    path = aside / "canaries.stairs"
    done = system.stairs("backup", str(path))
    assert done.returncode == 0, done.stdout + done.stderr
    yield "backup:file", path.read_bytes()
    with tarfile.open(path) as tar:
        tar.extractall(aside, filter="data")
    for dump in aside.rglob("*.dump"):
        command = [str(tool(system.place, "pg_restore")), "--file=-", str(dump)]
        yield f"backup:{dump.name}", subprocess.run(command, capture_output=True, check=True).stdout
