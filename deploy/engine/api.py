"""Docker's API on a Unix socket, as far as the engine itself asks anything."""

from __future__ import annotations

import http.client
import json
import socket
from pathlib import Path
from typing import Any


class _Connection(http.client.HTTPConnection):
    """HTTP whose other end is a socket in the file system."""

    def __init__(self, path: Path, patience: float) -> None:
        super().__init__("engine", timeout=patience)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def get(path: Path, what: str, *, patience: float = 10.0, method: str = "GET") -> Any:  # noqa: ANN401 - any JSON
    """The answer to a GET, or to another method.

    :raises OSError: nobody answers, or with a refusal.
    """
    connection = _Connection(path, patience)
    try:
        connection.request(method, what)
        answer = connection.getresponse()
        body = answer.read()
    except http.client.HTTPException as error:
        raise OSError(f"no proper answer: {error!r}") from error
    finally:
        connection.close()
    if not 200 <= answer.status < 300:
        raise OSError(f"{what} answered {answer.status}")
    return json.loads(body) if body.startswith((b"{", b"[")) else body.decode()


def delete(path: Path, what: str) -> None:
    """Remove something.

    :raises OSError: it is not there, or in use.
    """
    get(path, what, patience=60.0, method="DELETE")


def answers(path: Path, *, patience: float = 3.0) -> bool:
    """Whether an engine serves here."""
    try:
        return str(get(path, "/_ping", patience=patience)).strip() == "OK"
    except OSError:
        return False
