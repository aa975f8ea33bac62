"""Runs a piece of work once on a service's database, for an operator's verb."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from shared.chassis.definition import Foundation, S, ServiceDefinition
from shared.chassis.foundation import foundation, settings_of
from shared.process.loops import run_async


def one_off(service: ServiceDefinition[S], work: Callable[[Foundation[S]], Awaitable[int | None]]) -> int:
    """Run the work on the foundation of a service; returns the exit code.

    :raises SystemExit: 78, a setting is wrong.
    """
    settings = settings_of(service)

    async def on_foundation() -> int | None:
        async with foundation(service, settings) as base:
            return await work(base)

    return run_async(on_foundation())
