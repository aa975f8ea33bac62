"""``rebuild``: rebuilds every read model of a service while the service runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import typer

from shared.chassis.definition import Foundation, S, ServiceDefinition
from shared.chassis.one_off import one_off
from shared.persistence.rebuild import rebuild as rebuild_projection
from shared.process.verbs import AsJson, done, say, say_words

Progress = Callable[[str, int, int], None]
"""Called with the read model's name, the position reached and the newest position."""


async def rebuild(base: Foundation[S], progress: Progress) -> None:
    """Rebuild one read model after the other.

    :raises RebuildRunning: another process is rebuilding one of them.
    :raises StoreUnavailable: the database is away; the live tables are as they were.
    """
    for projection in base.service.projections:
        told = partial(progress, projection.name)
        await rebuild_projection(base.engine, base.tail, projection, progress=told)


def add_to(app: typer.Typer, service: ServiceDefinition[S]) -> None:
    """Give a command line this verb."""

    @app.command("rebuild")
    def verb(*, as_json: AsJson = False) -> None:
        """Make the read models anew while the service runs."""

        def tell(name: str, reached: int, newest: int) -> None:
            if as_json:
                say({"rebuild": name, "done": reached, "of": newest})
            else:
                say_words(f"rebuild {name} {reached}/{newest}")

        done(one_off(service, lambda base: rebuild(base, tell), act="lists_rebuilt", as_owner=True))
