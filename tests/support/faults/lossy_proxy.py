"""A wire to PostgreSQL that can be cut where it hurts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict

from shared.persistence.engine import driver_url


def _nothing() -> None:
    return None


class LossyProxy:
    """Passes bytes on, until told otherwise; every loss happens once."""

    def __init__(self, url: str) -> None:
        self._target = {key: str(value) for key, value in conninfo_to_dict(driver_url(url)).items()}
        self._server: asyncio.Server | None = None
        self._port = 0
        self._wires: set[asyncio.StreamWriter] = set()
        self._lose_request: Callable[[], None] | None = None
        self._lose_answer = False
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.lost = 0

    @property
    def url(self) -> str:
        user, password = quote(self._target.get("user", "postgres")), quote(self._target.get("password", ""))
        return f"postgresql://{user}:{password}@127.0.0.1:{self._port}/{self._target['dbname']}"

    def lose_next_answer(self) -> None:
        """The server will do what it is asked next, and the answer will be lost with the connection."""
        self._lose_answer = True

    def lose_next_request(self, then: Callable[[], None] = _nothing) -> None:
        """What is sent next will never reach the server."""
        self._lose_request = then

    def stall(self) -> None:
        """Nothing passes any more, and nobody is told."""
        self._flowing.clear()

    def flow(self) -> None:
        """All passes again."""
        self._flowing.set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for wire in list(self._wires):
            wire.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, back = await self._dial()
        except OSError:
            writer.close()
            return
        self._wires |= {writer, back}
        passing = (self._pass(reader, back, self._request), self._pass(there, writer, self._answer))
        tasks = [asyncio.create_task(each) for each in passing]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for wire in (writer, back):
            self._wires.discard(wire)
            wire.close()
            with contextlib.suppress(OSError):
                await wire.wait_closed()

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = self._target["host"], self._target.get("port", "5432")
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, int(port))

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, lost: Callable[[], bool]
    ) -> None:
        while data := await reader.read(65536):
            await self._flowing.wait()
            if lost():
                self.lost += 1
                return
            writer.write(data)
            await writer.drain()

    def _request(self) -> bool:
        then, self._lose_request = self._lose_request, None
        if then is not None:
            then()
        return then is not None

    def _answer(self) -> bool:
        lost, self._lose_answer = self._lose_answer, False
        return lost


@asynccontextmanager
async def lossy(url: str) -> AsyncIterator[LossyProxy]:
    proxy = LossyProxy(url)
    await proxy.open()
    try:
        yield proxy
    finally:
        proxy.flow()
        await proxy.close()
