"""A wire that can be disturbed: made slow, cut, silenced, corrupted; for everybody or for chosen processes.

The proxies live on a thread of their own, so that they pass bytes whatever the test is doing; every method
may be called from any thread and has happened when it returns.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")

Address = Path | tuple[str, int]
Whose = Callable[[int], bool]
"""Whether a fault is meant for the process with this id."""

Chosen = Callable[[bytes], bool]

AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST, and nothing that waits


def everybody(_pid: int) -> bool:
    return True


def of_some_size(piece: bytes) -> bool:
    """Long enough for the flipped bit to fall into what is carried, not into a length."""
    return len(piece) >= 200


@dataclass(eq=False)
class Wire:
    """One connection through the proxy."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter | None = None
    silent: bool = False

    @cached_property
    def pid(self) -> int:
        """Of the process that opened it; 0 if it cannot be told."""
        return _opener(self.client)

    def meant_by(self, whose: Whose) -> bool:
        return whose is everybody or whose(self.pid)

    def cut(self) -> None:
        """Reset both ends."""
        for end in (self.client, self.server):
            if end is not None:
                _reset(end)


class FaultProxy:
    """Takes connections at one address and passes them on to another."""

    def __init__(self, loop: asyncio.AbstractEventLoop, at: Address, upstream: Address) -> None:
        self._loop, self.at, self._upstream = loop, at, upstream
        self._wires: set[Wire] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._delay = 0.0
        self._slow: Whose = everybody
        self._silenced: Whose | None = None
        self._to_corrupt = 0
        self._corruptible: Chosen = of_some_size
        self._server: asyncio.Server | None = None

    # --- what a test does, from its own thread ---

    def slow(self, seconds: float, whose: Whose = everybody) -> None:
        """From now on every piece takes so much longer, in each direction."""

        def do() -> None:
            self._delay, self._slow = seconds, whose

        self._there(do)

    def silence(self, whose: Whose = everybody) -> None:
        """Half-open: connections stay, are even taken anew, and nothing passes any more."""

        def do() -> None:
            self._silenced = whose
            for wire in self._wires:
                wire.silent = wire.silent or wire.meant_by(whose)

        self._there(do)

    def reset(self, whose: Whose = everybody) -> int:
        """Cut every connection with RST, once; how many there were."""

        def do() -> int:
            chosen = [wire for wire in self._wires if wire.meant_by(whose)]
            for wire in chosen:
                wire.cut()
            return len(chosen)

        return self._there(do)

    def corrupt(self, pieces: int = 1, *, those: Chosen = of_some_size) -> None:
        """Flip one bit in each of the next pieces on their way to the server, of those that are chosen."""

        def do() -> None:
            self._to_corrupt, self._corruptible = pieces, those

        self._there(do)

    @property
    def still_to_corrupt(self) -> int:
        return self._to_corrupt

    def heal(self) -> None:
        """New connections work. A silenced one never speaks again; its server has noticed by keep-alive."""

        def do() -> None:
            self._delay, self._silenced, self._to_corrupt = 0.0, None, 0
            for wire in self._wires:
                if wire.silent and wire.server is not None:
                    _reset(wire.server)

        self._there(do)

    def _there(self, do: Callable[[], T]) -> T:
        async def run() -> T:
            return do()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result(30)

    # --- what happens on the proxies' thread ---

    async def open(self) -> None:
        if isinstance(self.at, Path):
            self._server = await asyncio.start_unix_server(self._take, self.at)
            self.at.chmod(0o777)
        else:
            self._server = await asyncio.start_server(self._take, *self.at)

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for wire in list(self._wires):
            wire.cut()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = Wire(writer)
        wire.silent = self._silenced is not None and wire.meant_by(self._silenced)
        self._wires.add(wire)
        try:
            await self._carry(wire, reader)
        except OSError:
            pass  # nobody listens there, or somebody hung up: it ends for both
        finally:
            self._wires.discard(wire)
            wire.cut()

    async def _carry(self, wire: Wire, reader: asyncio.StreamReader) -> None:
        if wire.silent:  # new, and there is nobody at the other end
            while await reader.read(65536):
                pass
            return
        back, wire.server = await _dial(self._upstream)
        there = self._started(self._pass(wire, reader, wire.server, to_server=True))
        here = self._started(self._pass(wire, back, wire.client, to_server=False))
        await asyncio.wait((there, here), return_when=asyncio.FIRST_COMPLETED)
        if wire.silent:
            await there  # the client's own end is all that ends it
        for task in (there, here):
            task.cancel()
        await asyncio.gather(there, here, return_exceptions=True)

    async def _pass(
        self, wire: Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, to_server: bool
    ) -> None:
        while data := await reader.read(65536):
            if self._delay and wire.meant_by(self._slow):
                await asyncio.sleep(self._delay)
            if wire.silent:
                continue
            writer.write(self._corrupted(data) if to_server else data)
            await writer.drain()

    def _corrupted(self, data: bytes) -> bytes:
        if not self._to_corrupt or not self._corruptible(data):
            return data
        self._to_corrupt -= 1
        return data[:-20] + bytes([data[-20] ^ 0x10]) + data[-19:]

    def _started(self, work: Coroutine[None, None, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class Proxies:
    """The thread with all proxies of a test."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="fault-proxies", daemon=True)
        self._opened: list[FaultProxy] = []

    def open(self, at: Address, upstream: Address) -> FaultProxy:
        """A proxy that listens; its other end need not be there yet."""
        proxy = FaultProxy(self._loop, at, upstream)
        asyncio.run_coroutine_threadsafe(proxy.open(), self._loop).result(30)
        self._opened.append(proxy)
        return proxy

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        for proxy in self._opened:
            asyncio.run_coroutine_threadsafe(proxy.close(), self._loop).result(30)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(30)
        self._loop.close()


@contextmanager
def proxies() -> Iterator[Proxies]:
    """Proxies for as long as the block."""
    made = Proxies()
    made.start()
    try:
        yield made
    finally:
        made.stop()


async def _dial(to: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(to, Path):
        return await asyncio.open_unix_connection(to)
    return await asyncio.open_connection(*to)


def _reset(end: asyncio.StreamWriter) -> None:
    raw = end.get_extra_info("socket")
    if raw is not None:
        with contextlib.suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    end.transport.abort()


def _opener(writer: asyncio.StreamWriter) -> int:
    raw = writer.get_extra_info("socket")
    if raw.family == socket.AF_UNIX:
        told = raw.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", told)[0])
    port = writer.get_extra_info("peername")[1]
    for each in psutil.net_connections("tcp4"):
        if each.laddr and each.laddr[1] == port and each.status == psutil.CONN_ESTABLISHED:
            return each.pid or 0
    return 0
