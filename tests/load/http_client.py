"""A load generator with fixed concurrency: raw HTTP/1.1 over asyncio protocols, so it costs little itself.

Run as a process of its own (`python -m tests.load.http_client URL SECONDS CONNECTIONS < request.json`);
prints one JSON line. Every connection sends its next request when the last answer is complete.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import urlsplit

import uvloop

HEAD_END = b"\r\n\r\n"
LENGTH = b"content-length:"


@dataclass
class Load:
    """What all connections share: the request, the deadline, and what was seen."""

    head: bytes
    body: bytes
    until: float
    latencies: list[float] = field(default_factory=list)
    refused: int = 0
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def request(self) -> bytes:
        """The next request; each has an idempotency key of its own."""
        return self.head + b"idempotency-key: load-%d-%d\r\n\r\n" % (id(self), next(self.numbers)) + self.body


class Connection(asyncio.Protocol):
    """One keep-alive connection in a closed loop."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self.buffer = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its base class
        self.send()

    def send(self) -> None:
        if time.perf_counter() >= self.load.until:
            self.transport.close()
            return
        self.sent = time.perf_counter()
        self.transport.write(self.load.request())

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(HEAD_END)
        if end < 0:
            return
        head = self.buffer[:end].lower()
        at = head.index(LENGTH) + len(LENGTH)
        length = int(head[at : head.find(b"\r\n", at) if b"\r\n" in head[at:] else len(head)])
        if len(self.buffer) < end + len(HEAD_END) + length:
            return
        self.buffer = self.buffer[end + len(HEAD_END) + length :]
        self.load.latencies.append(time.perf_counter() - self.sent)
        self.load.refused += not head.startswith(b"http/1.1 2")
        self.send()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        if not self.done.done():
            self.done.set_result(None)


async def run(url: str, seconds: float, connections: int, headers: dict[str, str], body: bytes) -> Load:
    """Load one address for a while; latencies in seconds."""
    parts = urlsplit(url)
    lines = [f"POST {parts.path} HTTP/1.1", f"host: {parts.netloc}", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    load = Load(("\r\n".join(lines) + "\r\n").encode(), body, time.perf_counter() + seconds)
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: Connection(load), parts.hostname or "", parts.port or 80)
        for _ in range(connections)
    ]
    await asyncio.gather(*(protocol.done for _, protocol in opened))
    return load


def percentile(ordered: list[float], share: float) -> float:
    """The value below which this share of the ordered values lies."""
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def main() -> None:
    url, seconds, connections = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
    request = json.load(sys.stdin)
    body = json.dumps(request["body"]).encode()
    load = uvloop.run(run(url, seconds, connections, request["headers"], body))
    ordered = sorted(load.latencies)
    print(  # noqa: T201 - its one line of output
        json.dumps(
            {
                "rate": len(ordered) / seconds,
                "p50_ms": percentile(ordered, 0.50) * 1e3,
                "p99_ms": percentile(ordered, 0.99) * 1e3,
                "refused": load.refused,
            }
        )
    )


if __name__ == "__main__":
    main()
