"""Who of the kept processes runs, and under which id: what is needed to kill one."""

from __future__ import annotations

from contextlib import suppress
from xmlrpc.client import Fault

from deploy.console.folders import StateFolder
from deploy.console.local.supervisor import Supervisor


def pids(place: StateFolder) -> dict[str, int]:
    """Each process that runs, by name."""
    with suppress(OSError, Fault):
        return {
            info["name"]: info["pid"]
            for info in Supervisor(place).processes()
            if info["statename"] == "RUNNING"
        }
    return {}
