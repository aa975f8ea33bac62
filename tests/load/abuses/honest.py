"""An honest client: files drafts at a constant pace, whether earlier ones were answered or not.

Its times count from when a draft was due, so that a service which keeps it waiting cannot slow its clock.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count

from tests.load.filing import BODY
from tests.load.http_client import percentile
from tests.support.http.raw_requests import request
from tests.support.http.tokens import OTHER_SCHOOL

PATIENCE = 20  # seconds for one answer

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Seen:
    """What the client saw.

    :ivar times: seconds to each answer, from when its request was due.
    :ivar failed: filings that were not answered with 201, or not at all.
    """

    times: list[float] = field(default_factory=list)
    failed: int = 0

    def add(self, other: Seen) -> None:
        """And what it saw at another time."""
        self.times += other.times
        self.failed += other.failed

    def line(self) -> str:
        """In words."""
        return f"p50 {self.ms(0.5):.1f} ms, p99 {self.ms(0.99):.1f} ms"

    def ms(self, share: float) -> float:
        """This percentile, in milliseconds."""
        return percentile(sorted(self.times), share) * 1e3


class Honest:
    """Files over connections that it keeps open, as many as it needs.

    :param a_second: how many drafts.
    """

    def __init__(self, port: int, token: str, a_second: int) -> None:
        self._port = port
        self._pause = 1 / a_second
        body = json.dumps({**BODY, "school": OTHER_SCHOOL}).encode()
        self._request = request("POST", "/v1/incidents", body, token=token)
        self._open: deque[Pair] = deque()
        self._numbers = count()

    async def files(self, seconds: float) -> Seen:
        """File for a while."""
        seen = Seen()
        began = time.perf_counter()  # the loop's clock counts whole milliseconds
        async with asyncio.TaskGroup() as filings:
            for number in range(round(seconds / self._pause)):
                due = began + number * self._pause
                await asyncio.sleep(due - time.perf_counter())
                filings.create_task(self._file(due, seen))
        return seen

    def close(self) -> None:
        """Let all connections go."""
        for _, writer in self._open:
            writer.close()
        self._open.clear()

    async def _file(self, due: float, seen: Seen) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                taken = await self._answered()
        except (OSError, EOFError, TimeoutError):
            taken = False
        seen.times.append(time.perf_counter() - due)
        seen.failed += not taken

    async def _answered(self) -> bool:
        reader, writer = pair = await self._connection()
        key = b"Idempotency-Key: honest-%d-%d\r\n" % (id(self), next(self._numbers))
        try:
            writer.write(self._request.replace(b"Host:", key + b"Host:", 1))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
            await reader.readexactly(int(length))
        except BaseException:
            writer.close()
            raise
        if b"connection: close" in head:
            writer.close()
        else:
            self._open.append(pair)
        return head.startswith(b"http/1.1 201 ")

    async def _connection(self) -> Pair:
        while self._open:
            reader, writer = self._open.popleft()
            # the server may have ended it meanwhile, as it may with every client
            if not reader.at_eof() and not writer.is_closing():
                return reader, writer
            with suppress(OSError):
                writer.close()
        return await asyncio.open_connection("127.0.0.1", self._port)
