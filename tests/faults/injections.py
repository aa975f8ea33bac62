"""How each cell of the fault table is made to happen; a fault is over when its function returns."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import timedelta

from deploy.console.ports import SERVICES
from tests.support.eventually import eventually
from tests.support.faults.fault_proxy import FaultProxy, Whose, everybody
from tests.support.system.wired import Wired

Injection = Callable[[Wired], Awaitable[None]]

PAUSE = 30.0  # seconds; the issue says so
WORKERS = tuple(f"{service}-worker" for service in SERVICES)
BACK_WITHIN = 120.0


async def _kill(wired: Wired, *names: str) -> None:
    before = {name: set(wired.pids_of(name)) for name in names}
    for name in names:
        assert await asyncio.to_thread(wired.kill, name), f"{name} did not even run"

    async def back() -> bool:
        now = {name: await asyncio.to_thread(wired.pids_of, name) for name in names}
        return all(set(now[name]) - before[name] for name in names)

    await eventually(back, within=BACK_WITHIN, every=0.2)


async def _pause(wired: Wired, *names: str, during: Callable[[], Awaitable[None]] | None = None) -> None:
    stopped: list[int] = []
    try:
        while more := [pid for pid in wired.pids_of(*names) if pid not in stopped]:
            stopped += more  # again: a server may have made another process meanwhile
            _signal(more, signal.SIGSTOP)
        assert stopped, f"{names} do not run"
        await (during() if during else asyncio.sleep(PAUSE))
    finally:
        _signal(stopped[::-1], signal.SIGCONT)


def _signal(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


async def _reset(wires: Sequence[FaultProxy], whose: Whose = everybody) -> None:
    for _ in range(5):
        for wire in wires:
            await asyncio.to_thread(wire.reset, whose)
        await asyncio.sleep(0.6)


async def _slow(wires: Sequence[FaultProxy], seconds: float, whose: Whose = everybody) -> None:
    for wire in wires:
        wire.slow(seconds, whose)
    await asyncio.sleep(6.0)
    _heal(wires)


async def _silence(wires: Sequence[FaultProxy], seconds: float, whose: Whose = everybody) -> None:
    for wire in wires:
        await asyncio.to_thread(wire.silence, whose)
    await asyncio.sleep(seconds)
    _heal(wires)


def _heal(wires: Sequence[FaultProxy]) -> None:
    for wire in wires:
        wire.heal()


def _of_workers(wired: Wired) -> Whose:
    workers = frozenset(wired.pids_of(*WORKERS))
    return lambda pid: pid in workers


def _wires_of_workers(wired: Wired) -> Sequence[FaultProxy]:
    return (wired.postgres, wired.kafka, wired.smtp)


# --- the clock: the sandbox's offset, in seconds, in a file that every process reads ---


def set_clock(wired: Wired, ahead: str) -> None:
    """Put the file in place in one step, as the console does; nobody reads half of it."""
    place = wired.system.place
    new = place.clock.with_suffix(".new")
    new.write_text(ahead)
    new.replace(place.clock)


async def _clock_lost(wired: Wired) -> None:
    set_clock(wired, "no number at all")
    await asyncio.sleep(4.0)
    wired.system.place.clock.unlink()
    await asyncio.sleep(2.0)


async def _clock_stands_still(wired: Wired) -> None:
    began = time.monotonic()
    while (passed := time.monotonic() - began) < PAUSE:
        set_clock(wired, f"{-passed:.3f}")
        await asyncio.sleep(0.1)
    wired.system.place.clock.unlink()


async def _clock_jumps(wired: Wired, by: timedelta) -> None:
    set_clock(wired, str(by.total_seconds()))
    await asyncio.sleep(6.0)
    wired.system.place.clock.unlink()


async def _clock_seen_late(wired: Wired) -> None:
    async def ahead() -> None:
        set_clock(wired, str(timedelta(days=2).total_seconds()))
        await asyncio.sleep(4.0)

    await _pause(wired, "notifications-worker", during=ahead)
    await asyncio.sleep(2.0)
    wired.system.place.clock.unlink()


INJECTIONS: dict[str, Injection] = {
    "api-kill": lambda w: _kill(w, "incidents-api"),
    "api-pause": lambda w: _pause(w, "incidents-api"),
    "api-reset": lambda w: _reset([w.api]),
    "api-latency": lambda w: _slow([w.api], 0.3),
    "api-half-open": lambda w: _silence([w.api], 8.0),
    "worker-kill": lambda w: _kill(w, *WORKERS),
    "worker-pause": lambda w: _pause(w, *WORKERS),
    "worker-reset": lambda w: _reset(_wires_of_workers(w), _of_workers(w)),
    "worker-latency": lambda w: _slow(_wires_of_workers(w), 0.1, _of_workers(w)),
    "worker-half-open": lambda w: _silence(_wires_of_workers(w), 15.0, _of_workers(w)),
    "postgres-kill": lambda w: _kill(w, "postgres"),
    "postgres-pause": lambda w: _pause(w, "postgres"),
    "postgres-reset": lambda w: _reset([w.postgres]),
    "postgres-latency": lambda w: _slow([w.postgres], 0.05),
    "postgres-half-open": lambda w: _silence([w.postgres], 15.0),
    "kafka-kill": lambda w: _kill(w, "kafka"),
    "kafka-pause": lambda w: _pause(w, "kafka"),
    "kafka-reset": lambda w: _reset([w.kafka]),
    "kafka-latency": lambda w: _slow([w.kafka], 0.1),
    "kafka-half-open": lambda w: _silence([w.kafka], 15.0),
    "smtp-kill": lambda w: _kill(w, "mailbox"),
    "smtp-pause": lambda w: _pause(w, "mailbox"),
    "smtp-reset": lambda w: _reset([w.smtp]),
    "smtp-latency": lambda w: _slow([w.smtp], 0.1),
    "smtp-half-open": lambda w: _silence([w.smtp], 15.0),
    "clock-kill": _clock_lost,
    "clock-pause": _clock_stands_still,
    "clock-reset": lambda w: _clock_jumps(w, timedelta(hours=-1)),
    "clock-latency": lambda w: _clock_jumps(w, timedelta(days=2)),
    "clock-half-open": _clock_seen_late,
}
