"""PostgreSQL's own programs, of the embedded server's version: pg_dump, pg_restore."""

from __future__ import annotations

from pathlib import Path

from deploy.console.folders import StateFolder
from deploy.console.keys.secret_files import password_of
from deploy.console.local.postgres import embedded_server


def tool(state: StateFolder, name: str) -> Path:
    """Where the program is."""
    return embedded_server(state.postgres).bin_path / name


def address_for_tools(state: StateFolder, service: str, socket: str) -> dict[str, str]:
    """The service's database, by the environment: a list of processes shows every word of a command."""
    return {
        "PGHOST": socket,
        "PGUSER": service,
        "PGDATABASE": service,
        "PGPASSWORD": password_of(state, service),
    }
