"""The incidents API as it is deployed, for clients that somebody else's generator made."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deploy.console.folders import ROOT
from tests.support.http.tokens import LEA_COORDINATOR, SCHOOL, auth_environment, token
from tests.support.servers.ports import free_port
from tests.support.servers.postgres import new_database

SERVICE = (sys.executable, "-m", "services.incidents")
STOP = 30.0  # seconds


@pytest.fixture(scope="session")
def told(postgres_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What a story is told by its environment: a running API, a token, a school."""
    port = free_port()
    with new_database(postgres_server) as database:
        environment = _environment(database, port, tmp_path_factory.mktemp("keys"))
        subprocess.run([*SERVICE, "migrate"], cwd=ROOT, env=environment, check=True)
        process = subprocess.Popen([*SERVICE, "api"], cwd=ROOT, env=environment)
        try:
            url = f"http://127.0.0.1:{port}"
            with httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=30) as http:
                assert http.get(f"{url}/healthz").status_code == 200
            yield {"STAIRS_URL": url, "STAIRS_TOKEN": token(LEA_COORDINATOR), "STAIRS_SCHOOL": SCHOOL}
        finally:
            process.terminate()
            process.wait(STOP)


def _environment(database: str, port: int, folder: Path) -> dict[str, str]:
    for name in ("kek", "ref", "api"):
        (folder / name).write_text(base64.b64encode(os.urandom(32)).decode())
    return {
        **os.environ,
        **auth_environment(),
        "INCIDENTS_DATABASE_URL": database,
        "INCIDENTS_PORT": str(port),
        "INCIDENTS_KEK_FILE": str(folder / "kek"),
        "INCIDENTS_REF_KEY_FILE": str(folder / "ref"),
        "INCIDENTS_API_SECRET_FILE": str(folder / "api"),
        "STAIRS_LOG": "json",
    }
