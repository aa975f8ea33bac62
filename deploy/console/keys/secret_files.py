"""Secrets that are made at first start and stay: each in a file of its own that only its owner can read."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from deploy.console.folders import StateFolder


def write_private(path: Path, text: str) -> None:
    """Write the file in one step, with mode 0600 from the first byte on."""
    new = path.with_name(f".{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)


def secret_text(path: Path) -> str:
    """The password in this file, made if it is missing; safe in a URL."""
    return _made_once(path, lambda: secrets.token_urlsafe(24))


def owner_of(service: str) -> str:
    """The role that owns the service's database and every table in it (``roles.sql``)."""
    return f"{service}_owner"


def password_of(state: StateFolder, role: str) -> str:
    """The password of a role of the server, made at first use."""
    return secret_text(state.keys / f"{role}.database")


def secret_key(path: Path) -> Path:
    """The file with 32 random bytes in base64, made if it is missing."""
    _made_once(path, lambda: base64.b64encode(secrets.token_bytes(32)).decode())
    return path


def _made_once(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        write_private(path, make())
    return path.read_text().strip()
