"""Runs a piece of work once on a service's database, for an operator's verb."""

from __future__ import annotations

import getpass
import os
from collections.abc import Awaitable, Callable, Mapping

from shared.chassis.definition import Foundation, S, ServiceDefinition
from shared.chassis.foundation import foundation, settings_of
from shared.observability.audit import record
from shared.process.exit_codes import DONE
from shared.process.loops import run_async


def one_off(
    service: ServiceDefinition[S],
    work: Callable[[Foundation[S]], Awaitable[int | None]],
    *,
    act: str | None = None,
    as_owner: bool = False,
    told: Mapping[str, object] | None = None,
) -> int:
    """Run the work on the foundation of a service; returns the exit code.

    :param act: its name in the audit; None: it only looks.
    :param as_owner: whether it makes tables, and works as the owner of the database.
    :param told: what else the audit says of it.
    :raises SystemExit: 78, a setting is wrong.
    """
    settings = settings_of(service, serves=False, as_owner=as_owner)

    async def on_foundation() -> int | None:
        async with foundation(service, settings, every_row=True) as base:
            return await work(base)

    verdict = "failed"
    try:
        code = run_async(on_foundation())
        verdict = "done" if code == DONE else verdict
        return code
    finally:
        if act is not None:
            record(act, {"who": at_the_keyboard(), **(told or {}), "verdict": verdict})


def at_the_keyboard() -> str:
    """The system's user, or who called sudo; where no name is known, as in some containers, a number."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
