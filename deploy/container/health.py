"""``stairs health``: a container's health check; 0 when the process in it says that it is ready.

It runs every few seconds beside every service: it loads as little as it can.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping

PATIENCE = 4.0  # seconds
LONGEST = 1024  # characters of an answer that are shown
WELL, UNWELL, WRONG_USAGE = 0, 1, 2
SERVED_BY = ("WORKER_HEALTH_PORT", "INCIDENTS_PORT", "APPEALS_PORT", "NOTIFICATIONS_PORT")


def door(environment: Mapping[str, str]) -> int | None:
    """The port on which this container's process answers, by its settings: a worker's first."""
    return next((int(environment[name]) for name in SERVED_BY if environment.get(name, "").isdecimal()), None)


def answer(port: int) -> tuple[bool, str]:
    """Whether ``/readyz`` says ready, and its words."""
    request = f"GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection(("127.0.0.1", port), PATIENCE) as wire:
            wire.sendall(request.encode())
            read = b""
            while piece := wire.recv(4096):
                read += piece
    except OSError as error:
        return False, f"nobody answers on port {port}: {error}"
    head, _, body = read.partition(b"\r\n\r\n")
    return head.split(b" ", 2)[1:2] == [b"200"], body.decode(errors="replace")[:LONGEST]


def main() -> int:
    """Ask, and say what was answered: the engine keeps it."""
    port = door(os.environ)
    if port is None:
        print(f"nothing to ask: none of {', '.join(SERVED_BY)} is set", file=sys.stderr)
        return WRONG_USAGE
    well, words = answer(port)
    print(words)
    return WELL if well else UNWELL


if __name__ == "__main__":
    sys.exit(main())
