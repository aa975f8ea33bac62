"""``stairs backup FILE``: all that cannot be made again, while the system runs or not (ADR 0021).

Three databases of one moment and the keys. Left out: mails that have arrived, logs, and the broker's
topics, which are filled again from the events.
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
from deploy.console.backup.postgres_tools import address_for_tools, tool
from deploy.console.backup.snapshot import one_moment
from deploy.console.errors import Trouble
from deploy.console.folders import Place
from deploy.console.local.postgres import database_url
from deploy.console.ports import SERVICES

LOOK_EVERY = 0.2  # seconds between two looks at how much is written

Told = Callable[[str, int], None]
"""(service, bytes of its dump so far)."""


def refuse_nothing(place: Place) -> None:
    """Without data there is nothing to back up.

    :raises Trouble: the place has no database.
    """
    if not (place.postgres / "PG_VERSION").exists():
        raise Trouble(f"{place.var} has no data: start once with `stairs run`, or name its folder with --dir")


def back_up(place: Place, socket: str, path: Path, told: Told) -> dict[str, int]:
    """Write the file; the position of the newest event of each service that is in it.

    :raises Trouble: a database cannot be read, or the file not written.
    """
    archive.refuse_existing(path)
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    with tempfile.TemporaryDirectory(prefix="backup-", dir=place.run) as folder:
        parts = key_parts(place.keys)
        with one_moment({name: database_url(place, name, socket) for name in SERVICES}) as snapshots:
            for name, snapshot in snapshots.items():
                part = parts[f"databases/{name}.dump"] = Path(folder) / f"{name}.dump"
                _dump(place, socket, name, snapshot.name, part, told)
        positions = {name: snapshot.position for name, snapshot in snapshots.items()}
        archive.pack(path, parts, made_at, version("stairs"), positions)
    return positions


def key_parts(folder: Path) -> dict[str, Path]:
    """Every key, and what else is kept beside them; a hidden file is a draft of a killed process."""
    return {
        f"keys/{key.name}": key
        for key in sorted(folder.iterdir())
        if key.is_file() and not key.name.startswith(".")
    }


def _dump(place: Place, socket: str, service: str, snapshot: str, part: Path, told: Told) -> None:
    command: list[str | Path] = [
        tool(place, "pg_dump"),
        "--format=custom",
        f"--snapshot={snapshot}",
        f"--file={part}",
    ]
    environment = {**os.environ, **address_for_tools(place, service, socket)}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        while process.poll() is None:
            told(service, part.stat().st_size if part.exists() else 0)
            time.sleep(LOOK_EVERY)
        said = process.stderr.read() if process.stderr else ""
    if process.returncode:
        raise Trouble(f"the database of {service} cannot be dumped\n{said.strip()}")
    told(service, part.stat().st_size)
