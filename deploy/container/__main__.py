"""``stairs`` in the image: its first word says what this container is."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated

import typer

SERVICES = ("incidents", "appeals", "notifications")
BECOMES = {"topics": ("deploy.kafka", "topics"), "welcome": ("deploy.container.welcome",)}
OF_THE_CONSOLE = {
    "secrets": "Make the secret files, as on a laptop.",
    "token": "Print a bearer token, as on a laptop.",
    "rules": "Show a year's incident types.",
}
PASSED_ON = {"ignore_unknown_options": True, "allow_interspersed_args": False}

Words = Annotated[list[str] | None, typer.Argument(help="Passed on as they are.")]

app = typer.Typer(
    name="stairs",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="What this container is: a process of a service, or a one-off around them.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage, 78 wrong setting.",
)


@app.command()
def health() -> int:
    """Ask whether this container's process is ready."""
    from deploy.container import health as check

    raise typer.Exit(check.main())


@app.command()
def topics() -> None:
    """Create the Kafka topics that are missing."""
    _become(*BECOMES["topics"])


@app.command()
def welcome() -> None:
    """Print the addresses, and a token for each role."""
    _become(*BECOMES["welcome"])


def _passing_on(*first: str) -> Callable[[list[str] | None], None]:
    """A command that becomes a module of ours, with all that follows on the command line."""

    def command(words: Words = None) -> None:
        _become(*first, *(words or []))

    return command


for _service in SERVICES:
    app.command(
        _service,
        context_settings=PASSED_ON,
        add_help_option=False,
        help=f"A process or command of {_service}: api, worker, relay, migrate, rebuild, dead-letters …",
    )(_passing_on(f"services.{_service}"))
for _name, _help in OF_THE_CONSOLE.items():
    app.command(_name, context_settings=PASSED_ON, add_help_option=False, help=_help)(
        _passing_on("deploy.console", _name)
    )


def _become(module: str, *words: str) -> None:
    """Replace this process: signals reach the new one, and its exit code is the container's."""
    os.execv(sys.executable, [sys.executable, "-m", module, *words])  # noqa: S606 - a module of ours


if __name__ == "__main__":
    app()
