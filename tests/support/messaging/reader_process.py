"""A member of a consumer group as a process of its own, to be stopped, continued and killed.

python -m tests.support.messaging.reader_process DATABASE_URL BOOTSTRAP TOPIC GROUP MEMBER
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.messaging.kafka.feed import KafkaFeed
from tests.support.logbooks.event_store import EventStore
from tests.support.messaging.readers import Readers

ROOT = Path(__file__).parents[3]
PARTING = 30.0  # seconds


@contextmanager
def reader_process(url: str, bootstrap: str, topic: str, group: str, member: str) -> Iterator[int]:
    """The member at work, as long as the block; its process id."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.support.messaging.reader_process"]
    process = subprocess.Popen([*command, url, bootstrap, topic, group, member], cwd=ROOT)
    try:
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGCONT)
        process.terminate()
        try:
            process.wait(PARTING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _read(url: str, bootstrap: str, topic: str, group: str, member: str) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    event_store = EventStore(url)
    async with event_store.engine() as engine:
        feed = KafkaFeed(bootstrap, [topic], group, engine)
        async with Readers(event_store).following(feed, member):
            await stop.wait()


if __name__ == "__main__":
    asyncio.run(_read(*sys.argv[1:]))
