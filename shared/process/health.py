"""A worker's own ``/healthz``, ``/readyz`` and ``/metrics``: one loop more, on loopback, no framework."""

from __future__ import annotations

import asyncio

import orjson

from shared.http.readiness import Readiness
from shared.observability import metrics
from shared.process.loops import Loop

PATIENCE = 5.0  # seconds for a whole exchange
_REASON = {200: "OK", 404: "Not Found", 503: "Service Unavailable"}


def health(readiness: Readiness, port: int, host: str = "127.0.0.1") -> Loop:
    """The loop that answers a supervisor's question whether this worker is well.

    await run_loops({"projector": …, "health": health(readiness, settings.worker_health_port)})
    """

    async def serve(stop: asyncio.Event) -> None:
        server = await asyncio.start_server(lambda r, w: _exchange(readiness, r, w), host, port)
        async with server:
            await stop.wait()

    return serve


async def _exchange(readiness: Readiness, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            request = await reader.readuntil(b"\r\n\r\n")
            words = request.split(b" ", 2)
            writer.write(await _answer(readiness, words[1] if len(words) > 1 else b""))
            await writer.drain()
    except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
        pass  # whoever asked did not want to know
    finally:
        writer.close()


async def _answer(readiness: Readiness, path: bytes) -> bytes:
    if path == b"/metrics":
        await readiness.measured()
        return _http(200, metrics.exposition(), metrics.CONTENT_TYPE)
    if path == b"/healthz":
        return _http(200, orjson.dumps({"status": "alive"}))
    if path != b"/readyz":
        return _http(404, b"{}")
    status, body = await readiness.answer()
    return _http(status, orjson.dumps(body))


def _http(status: int, body: bytes, media_type: str = "application/json") -> bytes:
    head = (
        f"HTTP/1.1 {status} {_REASON[status]}\r\nContent-Type: {media_type}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode("ascii") + body
