"""``python -m deploy.engine``: a container engine on a machine that has none.

Where an engine answers already (``DOCKER_HOST``, Docker's or podman's own socket), that one is used. All of
ours lies in the folder ``STAIRS_ENGINE`` (/var/lib/stairs-engine).
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import Annotated

import typer

from deploy.engine import compose, image, images, podman
from deploy.engine.reach import Engine, reached
from deploy.engine.state import EngineFolder, EngineUnavailable

PASSED_ON = {"ignore_unknown_options": True, "allow_interspersed_args": False}

app = typer.Typer(
    name="python -m deploy.engine",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A container engine for a machine that has none: podman behind Docker's API, Compose, stand-ins for "
    "base images. All of it lies in STAIRS_ENGINE (/var/lib/stairs-engine).",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage; `compose` has those of Compose.",
)


@app.command()
def up() -> None:
    """Start the engine; install or build what is missing (six minutes the first time, then a second)."""
    found = reached()
    state = EngineFolder.of_this_machine()
    if found is not None and not found.ours(state):
        print(f"engine: {found.name} answers at {found.host}; nothing to install")
        return
    with _reporting_errors():
        state.prepare()
        with ExitStack() as held:  # two callers at once do it once
            held.enter_context(state.alone("up"))
            podman.install(state)
            podman.start(state)
            with ThreadPoolExecutor(2) as pool:
                for done in [pool.submit(compose.ensure, state), pool.submit(images.ensure, state)]:
                    done.result()
    print(f"engine: podman serves Docker's API at unix://{state.socket}")


@app.command()
def env() -> None:
    """Print what docker, Compose and testcontainers need: eval "$(make -s engine-env)"."""
    with _reporting_errors():
        for name, value in _engine().environment.items():
            print(f"export {name}={shlex.quote(value)}")


@app.command("compose", context_settings=PASSED_ON, add_help_option=False)
def run_compose(
    words: Annotated[list[str] | None, typer.Argument(help="Arguments of Compose.")] = None,
) -> None:
    """Run Docker Compose against the engine, with its own arguments: compose up -d."""
    with _reporting_errors():
        engine = _engine()
        program = engine.compose()
    command = [*program, *(words or [])]
    os.execvpe(program[0], command, {**os.environ, **engine.environment})  # noqa: S606 - Compose


@app.command()
def build() -> None:
    """Build the image of STAIRS that docker-compose.yml names."""
    with _reporting_errors():
        print(f"engine: built {image.build(_engine())}")


@app.command()
def status(
    *, as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False
) -> None:
    """Show which engine answers, and its Compose; exit code 0 if one answers, else 1."""
    with _reporting_errors():
        engine = _engine()
    version = engine.compose_version()
    if as_json:
        print(json.dumps({"engine": engine.name, "host": engine.host, "compose": version}))
    else:
        print(f"engine: {engine.name} at {engine.host}, Compose {version or 'missing'}")


@app.command()
def down() -> None:
    """End containers, networks and the engine; images and volumes stay."""
    with _reporting_errors():
        podman.stop(EngineFolder.of_this_machine())
    print("engine: stopped; images and volumes stay")


@app.command()
def purge() -> None:
    """End the engine and remove everything that it made."""
    with _reporting_errors():
        podman.purge(EngineFolder.of_this_machine())
    print("engine: removed; packages of Debian that it installed stay")


def _engine() -> Engine:
    found = reached()
    if found is None:
        raise EngineUnavailable("no container engine answers: make engine, or start Docker")
    return found


@contextmanager
def _reporting_errors() -> Iterator[None]:
    """A reason that a command cannot run is one line on standard error, and exit code 1."""
    try:
        yield
    except EngineUnavailable as reason:
        typer.echo(f"engine: {reason}", err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app()
