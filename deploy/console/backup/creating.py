"""``stairs backup FILE``: all that cannot be made again, while the system runs or not (ADR 0021).

Three databases of one moment; the keys only sealed, and only where somebody asks for them, for a file that
holds both is as secret as the SSIDs. Left out: mails that have arrived, logs, and the broker's topics, which
are filled again from the events.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from deploy.console.backup import archive
from deploy.console.backup.belonging import hashes_of
from deploy.console.backup.postgres_tools import address_for_tools, tool
from deploy.console.backup.snapshot import consistent_snapshots
from deploy.console.errors import CommandError
from deploy.console.folders import StateFolder
from deploy.console.keys.sealing import Sealing
from deploy.console.keys.secret_files import owner_of, write_private
from deploy.console.local.postgres import database_url
from deploy.console.ports import SERVICES

LOOK_EVERY = 0.2  # seconds between two looks at how much is written

Told = Callable[[str, int], None]
"""(service, bytes of its dump so far)."""


def refuse_nothing(state: StateFolder) -> None:
    """Without data there is nothing to back up.

    :raises CommandError: the folder has no database.
    """
    if not (state.postgres / "PG_VERSION").exists():
        raise CommandError(
            f"{state.var} has no data: start once with `stairs run`, or name its folder with --dir"
        )


def back_up(
    state: StateFolder, socket: str, path: Path, told: Told, sealing: Sealing | None = None
) -> dict[str, int]:
    """Write the file; the position of the newest event of each service that is in it.

    :param sealing: for whom the keys go along; None: they do not.
    :raises CommandError: a database cannot be read, or the file not written.
    """
    archive.refuse_existing(path)
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    with tempfile.TemporaryDirectory(prefix="backup-", dir=state.run) as folder:
        parts = dict[str, Path]()
        with consistent_snapshots(
            {name: database_url(state, name, socket, role=owner_of(name)) for name in SERVICES}
        ) as snapshots:
            keys = _copied(key_files(state.keys), Path(folder))
            for name, snapshot in snapshots.items():
                part = parts[f"databases/{name}.dump"] = Path(folder) / f"{name}.dump"
                _dump(state, socket, name, snapshot.name, part, told)
        positions = {name: snapshot.position for name, snapshot in snapshots.items()}
        if sealing is not None:
            sealed = parts[archive.SEALED_KEYS] = Path(folder) / archive.SEALED_KEYS
            sealed.write_bytes(sealing.seal(archive.tar_of(keys)))
        archive.pack(path, parts, made_at, version("stairs"), positions, hashes_of(keys))
    return positions


def key_files(folder: Path) -> dict[str, Path]:
    """Every key, and what else is kept beside them; a hidden file is a draft of a killed process."""
    return {
        key.name: key for key in sorted(folder.iterdir()) if key.is_file() and not key.name.startswith(".")
    }


def _copied(keys: dict[str, Path], folder: Path) -> dict[str, Path]:
    """The keys of this moment: an epoch may be retired while the databases are written."""
    (folder / "keys").mkdir(mode=0o700)
    for name, key in keys.items():
        write_private(folder / "keys" / name, key.read_text())
    return key_files(folder / "keys")


def _dump(state: StateFolder, socket: str, service: str, snapshot: str, part: Path, told: Told) -> None:
    command: list[str | Path] = [
        tool(state, "pg_dump"),
        "--format=custom",
        f"--snapshot={snapshot}",
        f"--file={part}",
    ]
    environment = {**os.environ, **address_for_tools(state, service, socket)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            told(service, part.stat().st_size if part.exists() else 0)
            time.sleep(LOOK_EVERY)
        said = process.stderr.read() if process.stderr else ""
    if process.returncode:
        raise CommandError(f"the database of {service} cannot be dumped\n{said.strip()}")
    told(service, part.stat().st_size)
