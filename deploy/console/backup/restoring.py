"""``stairs restore FILE``: the state of the moment of a backup, in a folder without data.

    verify every hash → a new server beside (``var/restoring``) → keys and databases move in

Topics are filled again: the relays begin anew, and every consumer knows what it has handled by its inbox.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from deploy.console.backup import archive
from deploy.console.backup.belonging import require_epochs, strangers
from deploy.console.backup.creating import key_files
from deploy.console.backup.postgres_tools import address_for_tools, tool
from deploy.console.errors import CommandError
from deploy.console.folders import StateFolder
from deploy.console.keys.epochs import KEK
from deploy.console.keys.sealing import opened
from deploy.console.keys.secret_files import owner_of, write_private
from deploy.console.local.postgres import database_url, embedded_server, postgres
from deploy.console.ports import SERVICES
from shared.messaging.publishing.publisher_lock import RELAY

PATIENCE = 30.0  # seconds for what a killed restore left to end by itself
FORGET = "DELETE FROM positions WHERE name = %s"


@dataclass(frozen=True)
class KeySource:
    """Where the keys come from: a folder, or what opens those that the file holds sealed."""

    folder: Path | None = None
    identity: Path | None = None
    passphrase: str | None = None


def restore(
    state: StateFolder, path: Path, say: Callable[[str], None], source: KeySource | None = None
) -> archive.Manifest:
    """Bring back what the file holds; nothing is changed unless all of it comes back.

    :param source: of the keys; None: they are in the file as they are (before November 2026).
    :raises CommandError: a system runs here, there is data already, or the file is no whole backup.
    """
    with state.alone():
        refuse_data(state)
        with tempfile.TemporaryDirectory(prefix="restore-", dir=state.run) as folder:
            say(f"checking {path}")
            manifest = archive.unpack(path, Path(folder))
            say(f"made at {manifest.made_at} by stairs {manifest.version}")
            _bring_keys(path, Path(folder), manifest, source or KeySource())
            _build_beside(state, Path(folder), say)
    return manifest


def refuse_data(state: StateFolder) -> None:
    """A restore never overwrites data.

    :raises CommandError: there are data, keys or topics here.
    """
    there = [folder for folder in (state.postgres, state.keys, state.kafka) if _holds_anything(folder)]
    if there:
        raise CommandError(
            f"nothing is restored over data, and there is some in {', '.join(map(str, there))}: "
            "move it away, or name another folder with --dir"
        )


def _bring_keys(path: Path, folder: Path, manifest: archive.Manifest, source: KeySource) -> None:
    """The keys under ``keys``, whatever they come from.

    :raises CommandError: there are none, they cannot be opened, or they do not belong to this backup.
    """
    keys, sealed = folder / "keys", folder / archive.SEALED_KEYS
    if source.folder is not None:
        shutil.rmtree(keys, ignore_errors=True)
        keys.mkdir(mode=0o700)
        for name, key in key_files(source.folder).items():
            write_private(keys / name, key.read_text())
    elif sealed.exists():
        archive.lay_out_keys(opened(sealed.read_bytes(), source.identity, source.passphrase), folder)
    if not keys.is_dir() or not any(keys.iterdir()):
        raise CommandError(f"{path} holds no keys: give the folder that has them, with --keys FOLDER")
    strange = strangers(keys, manifest.key_hashes)
    if strange:
        raise CommandError(f"these are not the keys of {path} ({', '.join(strange)}): nothing was changed")


def _build_beside(state: StateFolder, folder: Path, say: Callable[[str], None]) -> None:
    beside = state.var / "restoring"
    _clear(beside)
    new = StateFolder.at(beside)
    try:
        for key in sorted((folder / "keys").iterdir()):
            shutil.copy(key, new.keys / key.name)
        with postgres(new) as server:
            for service in SERVICES:
                say(f"database of {service}")
                _load(new, server.socket, service, folder / "databases" / f"{service}.dump")
            url = database_url(new, "incidents", server.socket, role=owner_of("incidents"))
            require_epochs(url, new.keys / KEK)
        state.keys.rmdir()
        new.keys.rename(
            state.keys
        )  # first: data without its keys would be refused, and keys alone are not data
        new.postgres.rename(state.postgres)
        embedded_server(state.postgres)  # moves the wheel's lock, which it would make again at our exit
    finally:
        _clear(beside)


def _load(state: StateFolder, socket: str, service: str, dump: Path) -> None:
    """One transaction: the whole database, or none of it."""
    command: list[str | Path] = [
        tool(state, "pg_restore"),
        f"--dbname={service}",
        "--no-owner",
        "--no-privileges",
    ]
    command += ["--exit-on-error", "--single-transaction", dump]
    environment = {**os.environ, **address_for_tools(state, service, socket)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CommandError(f"the database of {service} cannot be restored\n{done.stderr.strip()}")
    with psycopg.connect(database_url(state, service, socket, role=owner_of(service))) as connection:
        connection.execute(FORGET, [RELAY])


def _clear(beside: Path) -> None:
    """What a restore that was killed left, with the server that it was making, or starting, or filling."""
    until = time.monotonic() + PATIENCE
    while left := list(_processes_on(beside / "postgres")):
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGQUIT if time.monotonic() < until else signal.SIGKILL)
        time.sleep(0.1)
    shutil.rmtree(beside, ignore_errors=True)


def _processes_on(data: Path) -> Iterator[int]:
    """Those that were told this data directory; none where there is no /proc."""
    for words in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            if os.fsencode(data) in words.read_bytes().split(b"\0"):
                yield int(words.parent.name)


def _holds_anything(folder: Path) -> bool:
    return folder.is_dir() and any(folder.iterdir())
