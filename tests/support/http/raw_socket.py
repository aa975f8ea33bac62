"""A client that sends exactly the bytes that a test writes, when the test says so."""

from __future__ import annotations

import json
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Any

HEAD_END = b"\r\n\r\n"
PATIENCE = 15  # seconds for an answer; every limit under test is shorter


@dataclass(frozen=True)
class RawAnswer:
    """One answer as it came."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - as JSON has it
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """A problem's code."""
        return str(self.json["code"])

    @property
    def closes(self) -> bool:
        return self.headers.get("connection") == "close"


class RawClient:
    """One connection.

    :param receive_buffer: bytes that the kernel takes before we read them; ``None`` for its own choice.
    """

    def __init__(self, port: int, *, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(PATIENCE)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.connect(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # a packet is what is sent at once
        self._read = b""

    def __enter__(self) -> RawClient:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, *packets: bytes) -> RawClient:
        for packet in packets:
            self.socket.sendall(packet)
        return self

    def answer(self, *, bodyless: bool = False) -> RawAnswer:
        """The next answer.

        :raises EOFError: the server closed without one.
        """
        while HEAD_END not in self._read:
            self._more()
        head, _, self._read = self._read.partition(HEAD_END)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        status = int(first.split(" ")[1])
        length = 0 if bodyless or status == 100 else int(headers.get("content-length", "0"))
        while len(self._read) < length:
            self._more()
        body, self._read = self._read[:length], self._read[length:]
        return RawAnswer(status, headers, body)

    def closed(self) -> bool:
        """Whether nothing more comes; waits for the end.

        :raises TimeoutError: the server keeps the connection open.
        """
        try:
            return not self._read and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def _more(self) -> None:
        part = self.socket.recv(65_536)
        if not part:
            raise EOFError(self._read)
        self._read += part
