from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from shared.process.loops import Loop, LoopFailed, run_async, run_loops


def a_loop(seen: list[str], name: str) -> Loop:
    async def run(stop: asyncio.Event) -> None:
        seen.append(f"{name} began")
        await stop.wait()
        seen.append(f"{name} finished")

    return run


async def a_bug(_stop: asyncio.Event) -> None:
    await asyncio.sleep(0)
    raise ValueError("a bug")


async def a_quitter(_stop: asyncio.Event) -> None:
    await asyncio.sleep(0)


async def deaf(_stop: asyncio.Event) -> None:
    await asyncio.Event().wait()


async def test_asked_to_stop_every_loop_finishes() -> None:
    seen: list[str] = []
    stop = asyncio.Event()
    running = asyncio.create_task(run_loops({"a": a_loop(seen, "a"), "b": a_loop(seen, "b")}, stop=stop))
    await asyncio.sleep(0)
    stop.set()
    await running
    assert sorted(seen) == ["a began", "a finished", "b began", "b finished"]


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_is_such_a_wish(ending: signal.Signals) -> None:
    seen: list[str] = []

    async def signaling(stop: asyncio.Event) -> None:
        os.kill(os.getpid(), ending)
        await stop.wait()

    await run_loops({"a": a_loop(seen, "a"), "signaling": signaling})
    assert seen == ["a began", "a finished"]


@pytest.mark.parametrize(("bad", "line"), [(a_bug, "loop_failed"), (a_quitter, "loop_ended_unasked")])
async def test_one_loop_that_ends_by_itself_ends_all_and_is_named(
    bad: Callable[[asyncio.Event], Awaitable[None]], line: str
) -> None:
    seen: list[str] = []
    with capture_logs() as logs, pytest.raises(LoopFailed, match="relay"):
        await run_loops({"a": a_loop(seen, "a"), "relay": bad})
    assert seen == ["a began", "a finished"]
    (entry,) = [entry for entry in logs if entry["log_level"] == "error"]
    assert (entry["event"], entry["loop"]) == (line, "relay")


async def test_a_loop_that_does_not_listen_is_ended() -> None:
    stop = asyncio.Event()
    stop.set()
    with capture_logs() as logs:
        await run_loops({"deaf": deaf, "a": a_loop([], "a")}, stop=stop, grace=0.01)
    assert [entry["loop"] for entry in logs if entry["event"] == "loop_cancelled"] == ["deaf"]


def test_a_failed_loop_is_exit_code_one() -> None:
    assert run_async(run_loops({"relay": a_bug})) == 1


def test_an_orderly_end_is_exit_code_zero() -> None:
    stop = asyncio.Event()
    stop.set()
    assert run_async(run_loops({"a": a_loop([], "a")}, stop=stop)) == 0


HUNG = """
import asyncio, threading
from concurrent.futures import ThreadPoolExecutor
from shared.process import loops

thread = ThreadPoolExecutor(1)

async def feed(stop):  # as a Kafka feed: it closes on the thread that it works on
    loop = asyncio.get_running_loop()
    try:
        await loop.run_in_executor(thread, threading.Event().wait)
    finally:
        await loop.run_in_executor(thread, print)

async def a_bug(stop):
    await asyncio.sleep(0.1)
    raise ValueError("a bug")

loops.LAST = 0.2
raise SystemExit(loops.run_async(loops.run_loops({"feed": feed, "relay": a_bug}, grace=0.2)))
"""


def test_a_thread_that_never_comes_back_keeps_no_process_alive() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HUNG], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            said, _ = process.communicate(timeout=30)
        finally:
            process.kill()
    assert process.returncode == 1
    assert "process_hangs" in said
