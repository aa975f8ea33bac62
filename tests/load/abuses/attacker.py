"""An attacker: a process on a processor of its own that sends what it is told, until its time is over.

    python -m tests.load.abuses.attacker PORT SECONDS PROCESSOR < said.json

Whatever is refused or closed is opened and sent again at once. Prints a line when it begins, and one of JSON
at the end.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import resource
import sys
from collections import Counter
from typing import cast

import uvloop

from tests.load.abuses.kinds import NUMBER, Said

HEAD_END = b"\r\n\r\n"
NOT_YET = 0.005  # seconds until a connection that was refused is tried again
FILES = 4_096  # descriptors

_LENGTH = re.compile(rb"\ncontent-length: *(\d+)", re.IGNORECASE)
_CLOSES = re.compile(rb"\nconnection: *close", re.IGNORECASE)


class Attack:
    """What all connections share."""

    def __init__(self, said: Said) -> None:
        self.said = said
        self.over = False
        self.answers: Counter[str] = Counter()  # by status
        self.opened = 0
        self.sent = 0
        self._numbered = NUMBER in said.content
        self._began = asyncio.get_running_loop().time()

    def next(self) -> bytes:
        """What is sent next."""
        self.sent += 1
        said = self.said.content
        return said.replace(NUMBER, b"%08d" % self.sent) if self._numbered else said

    def due(self) -> float:
        """When it is sent, by the loop's clock."""
        return self._began + self.sent / self.said.a_second if self.said.a_second else 0.0

    async def keep_open(self, port: int) -> None:
        """One connection after the other, until it is over."""
        loop = asyncio.get_running_loop()
        while not self.over:
            try:
                _, held = await loop.create_connection(lambda: Held(self), "127.0.0.1", port)
            except OSError:
                await asyncio.sleep(NOT_YET)
            else:
                await held.lost


class Held(asyncio.Protocol):
    """One connection."""

    def __init__(self, attack: Attack) -> None:
        self._attack = attack
        self._loop = asyncio.get_running_loop()
        self._read = b""
        self._pieces = 0  # that are still to be sent
        self._full = False
        self._closes = False
        self.lost: asyncio.Future[None] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send, for a first time."""
        self._attack.opened += 1
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its base class
        self._ask()

    def data_received(self, data: bytes) -> None:
        """Count answers, and ask again."""
        self._read += data
        while (status := self._answer()) is not None:
            self._attack.answers[status] += 1
            if self._attack.said.holds:
                continue
            if self._closes:
                self._close_when_sent()
                return
            self._ask()

    def eof_received(self) -> bool:
        """It is not ours to close, where we hold it or have more to send."""
        return self._attack.said.holds or self._pieces > 0

    def pause_writing(self) -> None:
        """Not so fast."""
        self._full = True

    def resume_writing(self) -> None:
        """Faster."""
        self._full = False
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """It is over."""
        if not self.lost.done():
            self.lost.set_result(None)

    def _ask(self) -> None:
        if not self._attack.said.content:
            return
        due = self._attack.due()
        self._pieces = self._attack.said.pieces
        if due > self._loop.time():
            self._loop.call_at(due, self._send)
        else:
            self._send()

    def _send(self) -> None:
        while self._pieces and not self._full and not self._transport.is_closing():
            self._pieces -= 1
            self._transport.write(self._attack.next())
        if self._closes:
            self._close_when_sent()

    def _close_when_sent(self) -> None:
        if not self._pieces:
            self._transport.close()

    def _answer(self) -> str | None:
        end = self._read.find(HEAD_END)
        if end < 0:
            return None
        head = self._read[:end]
        length = _LENGTH.search(head)
        whole = end + len(HEAD_END) + (int(length[1]) if length else 0)
        if len(self._read) < whole:
            return None
        self._closes = _CLOSES.search(head) is not None
        self._read = self._read[whole:]
        return head[9:12].decode("ascii")


async def attack(port: int, seconds: float, said: Said) -> dict[str, object]:
    """Attack for a while; answers what it got through."""
    attacking = Attack(said)
    print("begun", flush=True)  # noqa: T201 - whoever started us waits for it
    connections = [asyncio.create_task(attacking.keep_open(port)) for _ in range(said.connections)]
    await asyncio.sleep(seconds)
    attacking.over = True
    for each in connections:
        each.cancel()
    return {"answers": attacking.answers, "opened": attacking.opened, "seconds": seconds}


def main() -> None:
    """As the command line says."""
    port, seconds, processor = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
    os.sched_setaffinity(0, {processor})
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    seen = uvloop.run(attack(port, seconds, Said.of_json(json.load(sys.stdin))))
    print(json.dumps(seen))  # noqa: T201 - read by whoever started us


if __name__ == "__main__":
    main()
