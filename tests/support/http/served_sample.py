"""The sample as a real process for tests of connections: started once, asked by many."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.support.http.tokens import signing_key

ROOT = Path(__file__).parents[3]


@contextmanager
def served_sample(port: int, **settings: object) -> Iterator[int]:
    """Its port, for as long as it serves.

    :param settings: ``http_head_seconds=0.5`` …
    """
    environment = {**os.environ, **{name.upper(): str(value) for name, value in settings.items()}}
    command = [sys.executable, "-m", "tests.support.http.chassis_process", "api"]
    with subprocess.Popen(
        [*command, str(port), signing_key().jwks_url],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as running:
        try:
            _await_listening(port)
            yield port
        finally:
            running.terminate()


def _await_listening(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return


def figure(port: int, name: str, **labels: str) -> float:
    """What the process says of itself; 0 where it says nothing."""
    told = ",".join(f'{label}="{value}"' for label, value in labels.items())
    full = name if name.startswith("process_") else f"stairs_{name}"
    wanted = f"{full}{{{told}}} " if told else f"{full} "
    text = httpx.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
    return next((float(line.split(" ")[-1]) for line in text.splitlines() if line.startswith(wanted)), 0.0)
