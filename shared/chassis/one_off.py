"""What the verbs that run once have in common: a foundation, one JSON document on a line, an exit code."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, NoReturn

import orjson
import typer

from shared.chassis.definition import Foundation, S, ServiceDefinition
from shared.chassis.foundation import foundation, settings_of
from shared.process.loops import run_async

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one document on a line, for scripts.")]


def group(text: str) -> typer.Typer:
    """A group of verbs, with this help."""
    return typer.Typer(
        help=text,
        no_args_is_help=True,
        add_completion=False,  # ``stairs`` completes; nobody types these by the day
        rich_markup_mode=None,
        pretty_exceptions_enable=False,  # tracebacks go to the log, where they are masked
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def one_off(service: ServiceDefinition[S], work: Callable[[Foundation[S]], Awaitable[int | None]]) -> int:
    """Do something once on the foundation of a service; answers the exit code."""
    settings = settings_of(service)

    async def on_foundation() -> int | None:
        async with foundation(service, settings) as base:
            return await work(base)

    return run_async(on_foundation())


def done(code: int) -> NoReturn:
    """End a verb with this exit code."""
    raise typer.Exit(code)


def say(document: Mapping[str, Any]) -> None:
    """Print a JSON document on a line of its own."""
    sys.stdout.write(orjson.dumps(document).decode() + "\n")
    sys.stdout.flush()


def say_words(line: str) -> None:
    """Print a line for people."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
