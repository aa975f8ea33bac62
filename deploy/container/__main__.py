"""``stairs WORDS`` in the image: what this container is.

incidents|appeals|notifications api|worker|relay|migrate|rebuild   a process of a service
health                                                             whether this container's process is ready
topics                                                             create the Kafka topics that are missing
welcome                                                            print addresses and a token per role
secrets [--dir FOLDER]                                             make the secret files, as on a laptop
token ROLE [--dir FOLDER] …                                        print a token, as on a laptop
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

SERVICES = ("incidents", "appeals", "notifications")
BECOMES = {"topics": ("deploy.kafka", "topics"), "welcome": ("deploy.container.welcome",)}
OF_THE_CONSOLE = ("secrets", "token", "rules")
WRONG_USAGE = 2


def main(words: Sequence[str]) -> int:
    """Become the process that the words name: signals reach it, and its exit code is the container's."""
    first = words[0] if words else ""
    if list(words) == ["health"]:
        from deploy.container import health

        return health.main()
    if first in SERVICES:
        return _become(f"services.{first}", *words[1:])
    if first in BECOMES and len(words) == 1:
        return _become(*BECOMES[first])
    if first in OF_THE_CONSOLE:
        return _become("deploy.console", *words)
    print(__doc__, file=sys.stderr)
    return WRONG_USAGE


def _become(module: str, *words: str) -> int:
    os.execv(sys.executable, [sys.executable, "-m", module, *words])  # noqa: S606 - a module of ours


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
