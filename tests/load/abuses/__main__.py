"""`make abuses`: an honest client files while others abuse the service; exit code 1 where a goal is missed.

The service, its database and the honest client have one processor, the attackers another one. Rest values
are taken before the first abuse and after each.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer
import uvloop
from rich.console import Console

from tests.load.abuses.honest import Honest, Seen
from tests.load.abuses.kinds import AGAIN, TEN, Abuse, Aim
from tests.load.abuses.standing import HOURS, Standing, aim, standing
from tests.load.abuses.table import Block, Rest, Row, table
from tests.load.surroundings import Surroundings, surroundings
from tests.support.http.tokens import OTHER_LEA_COORDINATOR, token

A_SECOND = 40  # filings of the honest client
LEAD = 1.0  # seconds that an abuse lasts before the honest client is watched
AT_REST = 3.0  # seconds, before the first abuse and after each
WARM_UP = 3.0  # seconds
SETTLED = 60.0  # seconds, at most, until an abuse's connections are gone
WIDTH = 170  # columns, where nobody watches


class Run:
    """One running service, abused in turn.

    :param theirs: the processor of the attackers, and of whoever watches the memory.
    :param seconds: how long each abuse is watched.
    """

    def __init__(self, api: Standing, aim: Aim, theirs: int, seconds: float) -> None:
        self._api = api
        self._aim = aim
        self._theirs = theirs
        self._seconds = seconds
        self._honest = Honest(api.port, token(OTHER_LEA_COORDINATOR, HOURS), A_SECOND)
        self._rest = Seen()

    async def block(self, title: str, abuses: Sequence[Abuse], *, judged: bool) -> Block:
        """What was seen of each."""
        await self._honest.files(WARM_UP)
        for abuse in abuses:
            async with self._attacked(abuse, 0.3):
                pass
        await self._settled()
        async with self._watched() as memory:
            self._rest.add(await self._honest.files(2 * AT_REST))
        sys.stderr.write(f"{title}; at rest: {self._rest.line()}, {memory[0]:.0f} MiB\n")
        rows = []
        for abuse in abuses:
            rows.append(await self._row(abuse))
            sys.stderr.write(f"{rows[-1].line()}\n")
            await self._settled()
            self._rest.add(await self._honest.files(AT_REST))
        self._honest.close()
        return Block(title, Rest(self._rest, memory[0]), rows, judged)

    async def _row(self, abuse: Abuse) -> Row:
        async with self._watched() as memory, self._attacked(abuse, LEAD + self._seconds) as got:
            await asyncio.sleep(LEAD)
            seen = await self._honest.files(self._seconds)
        return Row(abuse.title, **got, seen=seen, memory=memory[0])

    @asynccontextmanager
    async def _attacked(self, abuse: Abuse, seconds: float) -> AsyncIterator[dict[str, Any]]:
        """While it lasts; what was got is there afterwards."""
        got: dict[str, Any] = {}
        attacker = await _started("attacker", self._api.port, seconds, self._theirs)
        await _told(attacker, json.dumps(abuse.say(self._aim).as_json()))
        await _begun(attacker)
        yield got
        got |= json.loads(await _answer(attacker))

    @asynccontextmanager
    async def _watched(self) -> AsyncIterator[list[float]]:
        """The most memory that the service had meanwhile; known afterwards."""
        most: list[float] = []
        watcher = await _started("memory", self._api.pid, self._theirs)
        yield most
        await _told(watcher, "")
        most.append(float(await _answer(watcher)))

    async def _settled(self) -> None:
        """Until the abuse's connections are gone, so that the next rest is one."""
        self._honest.close()
        async with asyncio.timeout(SETTLED):
            while await asyncio.to_thread(self._api.connections) > 1:
                await asyncio.sleep(0.1)


async def _started(module: str, *arguments: float) -> Process:
    command = [sys.executable, "-m", f"tests.load.abuses.{module}", *map(str, arguments)]
    return await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE)


async def _told(process: Process, text: str) -> None:
    assert process.stdin is not None
    process.stdin.write(text.encode())
    process.stdin.close()


async def _begun(process: Process) -> None:
    assert process.stdout is not None
    await process.stdout.readline()


async def _answer(process: Process) -> bytes:
    assert process.stdout is not None
    answer = await process.stdout.read()
    if await process.wait() != 0:
        raise RuntimeError("a process of the measurement failed; its words are above")
    return answer


def measured(around: Surroundings, only: str, seconds: float) -> list[Block]:
    """Both blocks: with the limits that are shipped, then without a bound on one token's share.

    :raises SystemExit: there are no two processors.
    """
    processors = sorted(os.sched_getaffinity(0))
    if len(processors) < 2:
        raise SystemExit("two processors are needed: one of them for the attackers")
    ours, theirs = processors[:2]
    os.sched_setaffinity(0, {ours})  # and with it all that is started from here
    around.migrate()
    aimed = aim(around)
    kinds = [each for each in (*TEN, *AGAIN) if only in each.title]
    known = [each for each in kinds if each.token]
    blocks = []
    for title, abuses, raised in (
        ("with the limits as shipped", kinds, False),
        ("SHARE_… raised: not judged", known, True),
    ):
        if abuses:
            with standing(around, raised=raised) as api:
                run = Run(api, aimed, theirs, seconds)
                blocks.append(uvloop.run(run.block(title, abuses, judged=not raised)))
    return blocks


def load() -> str:
    """How much runs on this machine: processes that want a processor, on average of the last minute."""
    return f"{os.getloadavg()[0]:.1f}"


app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def main(
    seconds: Annotated[float, typer.Option(help="How long each abuse is watched.", min=0.5)] = 7.0,
    only: Annotated[str, typer.Option(help="Abuses whose name holds this.")] = "",
) -> None:
    """Abuse, print; exit code 1 where a goal is missed."""
    before = load()
    with surroundings() as around:
        blocks = measured(around, only, seconds)
    told = f"load average of this machine: {before} before, {load()} at the end (ours is some 2)"
    Console(width=WIDTH).print(table(blocks, told))
    raise typer.Exit(1 if any(block.missed() for block in blocks) else 0)


if __name__ == "__main__":
    app()
