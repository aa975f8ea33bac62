"""``python -m deploy.engine VERB``: a container engine on a machine that has none.

  up         start it, and install or build whatever is missing here (six minutes at first, then a second)
  env        print what docker, Compose and testcontainers need:  eval "$(make -s engine-env)"
  compose …  Docker Compose against it:  python -m deploy.engine compose up -d
  build      build the image of STAIRS that docker-compose.yml names
  status     say what runs here; 0 when an engine answers
  down       end containers, networks and the engine itself; images and volumes stay
  purge      down, and remove everything that it made

Where an engine answers already (``DOCKER_HOST``, Docker's or podman's own socket), that one is used. All of
ours lies in ``STAIRS_ENGINE`` (/var/lib/stairs-engine).
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from deploy.engine import compose, image, images, podman
from deploy.engine.reach import Engine, reached
from deploy.engine.state import EngineUnavailable, State


def up() -> int:
    """Bring everything up; two callers at once do it once."""
    found = reached()
    state = State.of_this_machine()
    if found is not None and not found.ours(state):
        print(f"engine: {found.name} answers at {found.host}; nothing to install")
        return 0
    state.prepare()
    with ExitStack() as held:
        held.enter_context(state.alone("up"))
        podman.install(state)
        podman.start(state)
        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(compose.ensure, state), pool.submit(images.ensure, state)]:
                done.result()
    print(f"engine: podman serves Docker's API at unix://{state.socket}")
    return 0


def env() -> int:
    """Print what clients must be told."""
    for name, value in _engine().environment.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


def status() -> int:
    """Say what answers, and by which Compose."""
    engine = _engine()
    print(f"engine: {engine.name} at {engine.host}, Compose {engine.compose_version() or 'missing'}")
    return 0


def run_compose(*words: str) -> int:
    """Become Docker Compose."""
    engine = _engine()
    program = engine.compose()
    os.execvpe(program[0], [*program, *words], {**os.environ, **engine.environment})  # noqa: S606 - Compose


def build() -> int:
    """Build the image."""
    print(f"engine: built {image.build(_engine())}")
    return 0


def down() -> int:
    """Stop."""
    podman.stop(State.of_this_machine())
    print("engine: stopped; images and volumes stay")
    return 0


def purge() -> int:
    """Stop and remove."""
    podman.purge(State.of_this_machine())
    print("engine: nothing is left of it but Debian's packages")
    return 0


def _engine() -> Engine:
    found = reached()
    if found is None:
        raise EngineUnavailable("no container engine answers: make engine, or start Docker")
    return found


VERBS: dict[str, Callable[..., int]] = {
    "up": up,
    "env": env,
    "compose": run_compose,
    "build": build,
    "status": status,
    "down": down,
    "purge": purge,
}


def main(words: list[str]) -> int:
    """Run one verb; a reason that it cannot is one line (and the end of a log) on the error stream."""
    verb = VERBS.get(words[0]) if words else None
    if verb is None or (len(words) > 1 and verb is not run_compose):
        print(__doc__, file=sys.stderr)
        return 2
    try:
        return verb(*words[1:])
    except EngineUnavailable as reason:
        print(f"engine: {reason}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
