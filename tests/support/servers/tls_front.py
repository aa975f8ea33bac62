"""TLS before a server that has none: PostgreSQL's way to begin it, then a plain line to the server behind."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

Reach = Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]]

SSL_REQUEST = bytes.fromhex("0000000804d2162f")  # length 8, code 80877103


@asynccontextmanager
async def tls_before(reach: Reach, cert_file: Path, key_file: Path) -> AsyncIterator[int]:
    """The port at which a PostgreSQL answers that refuses whoever does not ask for TLS.

    :param reach: a new line to the server behind.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert_file, key_file)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            if await reader.readexactly(8) == SSL_REQUEST:
                writer.write(b"S")
                await writer.start_tls(context)
                back, forth = await reach()
                await asyncio.gather(_pass_on(reader, forth), _pass_on(back, writer))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
