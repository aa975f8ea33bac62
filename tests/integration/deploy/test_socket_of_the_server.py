"""Nobody but the owner of a place reaches its server, wherever the socket has to lie."""

from __future__ import annotations

import stat
from pathlib import Path

import psycopg

from deploy.console.folders import StateFolder
from deploy.console.local.postgres import database_url, postgres


def test_a_socket_beside_too_long_a_path_is_its_owners_alone(tmp_path: Path) -> None:
    """It lies where everybody may look then, and the server trusts whoever calls himself postgres."""
    place = StateFolder.at(tmp_path / ("x" * 60) / ("y" * 40))
    with postgres(place) as server:
        assert Path(server.socket) != place.postgres
        socket = Path(server.socket) / ".s.PGSQL.5432"
        assert stat.S_IMODE(socket.stat().st_mode) == 0o700
        with psycopg.connect(database_url(place, "appeals", server.socket)) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
