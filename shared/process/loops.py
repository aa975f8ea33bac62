"""A worker: named loops on one event loop, all or none.

    async def work() -> None:
        async with graph(settings) as parts:
            await run_loops({"projector": parts.projector.run, "relay": parts.relay.run})

    def worker() -> int:
        "Project, relay, follow and remind."
        return run_async(work())

A loop handles its transient faults itself (back off, try again) and returns when ``stop`` is set. One that
fails, or returns unasked, is a bug: the others are stopped and the process ends with exit code 1, loudly,
for its supervisor to start it anew. One that does not even end when it is cancelled does not keep it alive.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any

import structlog
import uvloop

from shared.process.exit_codes import DONE, FAILED

Loop = Callable[[asyncio.Event], Awaitable[None]]

GRACE = 10.0  # seconds that the loops get to finish what they are at
LAST = 20.0  # seconds more, after they were cancelled; then the process ends without them
ENDINGS = (signal.SIGTERM, signal.SIGINT)

log = structlog.get_logger(__name__)


class LoopFailed(Exception):  # noqa: N818 - says what happened
    """A loop ended though nobody had asked it to."""


def run_async(work: Coroutine[Any, Any, int | None]) -> int:
    """Run a process's main coroutine on uvloop; answers the exit code: the coroutine's own, if it has one."""
    try:
        return uvloop.run(work) or DONE
    except LoopFailed as failure:
        log.error("process_failed", reason=str(failure))  # noqa: TRY400 - the loop's traceback is logged already
        return FAILED


async def run_loops(
    loops: Mapping[str, Loop], *, stop: asyncio.Event | None = None, grace: float = GRACE
) -> None:
    """Run until SIGTERM or SIGINT (or ``stop``), then let every loop finish within ``grace`` seconds.

    :raises LoopFailed: one of them failed or returned unasked.
    """
    stop = stop or asyncio.Event()
    failed: list[str] = []
    with _stopped_by_signals(stop):
        log.info("loops_started", loops=list(loops))
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_watched(name, loop, stop, failed), name=name)
                for name, loop in loops.items()
            ]
            await stop.wait()
            await _finish(tasks, grace)
        log.info("loops_stopped", failed=failed)
    if failed:
        raise LoopFailed(", ".join(failed))


async def _watched(name: str, loop: Loop, stop: asyncio.Event, failed: list[str]) -> None:
    try:
        await loop(stop)
        if not stop.is_set():
            failed.append(name)
            log.error("loop_ended_unasked", loop=name)
    except Exception:
        failed.append(name)
        log.exception("loop_failed", loop=name)
    finally:
        stop.set()


async def _finish(tasks: Sequence[asyncio.Task[None]], grace: float) -> None:
    _, late = await asyncio.wait(tasks, timeout=grace)
    for task in late:
        log.warning("loop_cancelled", loop=task.get_name(), after_seconds=grace)
        task.cancel()
    if late:
        _, hung = await asyncio.wait(late, timeout=LAST)
        if hung:  # on a thread that does not come back, say: nobody starts anew what has not ended
            log.error("process_hangs", loops=[task.get_name() for task in hung])
            os._exit(1)


@contextlib.contextmanager
def _stopped_by_signals(stop: asyncio.Event) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for ending in ENDINGS:
        loop.add_signal_handler(ending, stop.set)
    try:
        yield
    finally:
        for ending in ENDINGS:
            loop.remove_signal_handler(ending)
