"""The memory of a process and of all that it started, watched from another processor.

    python -m tests.load.abuses.memory PID PROCESSOR

Prints the most that was seen, in MiB, once standard input ends. Of each page that several processes share,
each has its part (PSS), so that what is forked is not counted twice.
"""

from __future__ import annotations

import os
import select
import sys

import psutil

EVERY = 0.2  # seconds


def memory_of(process: psutil.Process) -> float:
    """MiB of a process, of what it started, and of what they did."""
    return sum(map(_pss, [process, *process.children(recursive=True)])) / 2**20


def _pss(process: psutil.Process) -> int:
    """Bytes; none where it has ended meanwhile."""
    try:
        return int(process.memory_full_info().pss)
    except psutil.NoSuchProcess:
        return 0


def main() -> None:
    """As the command line says."""
    process, processor = psutil.Process(int(sys.argv[1])), int(sys.argv[2])
    os.sched_setaffinity(0, {processor})
    most = memory_of(process)
    while not select.select([sys.stdin], [], [], EVERY)[0]:
        most = max(most, memory_of(process))
    print(max(most, memory_of(process)))  # noqa: T201 - its one line of output


if __name__ == "__main__":
    main()
