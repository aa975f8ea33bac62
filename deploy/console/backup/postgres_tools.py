"""PostgreSQL's own programs, of the embedded server's version: pg_dump, pg_restore."""

from __future__ import annotations

from pathlib import Path

from deploy.console.folders import StateFolder
from deploy.console.keys.secret_files import owner_of, password_of
from deploy.console.local.postgres import embedded_server


def tool(state: StateFolder, name: str) -> Path:
    """Where the program is."""
    return embedded_server(state.postgres).bin_path / name


def address_for_tools(state: StateFolder, service: str, socket: str) -> dict[str, str]:
    """The service's database as its owner, by the environment: a list of processes shows every word."""
    return {
        "PGHOST": socket,
        "PGUSER": owner_of(service),
        "PGDATABASE": service,
        "PGPASSWORD": password_of(state, owner_of(service)),
    }
