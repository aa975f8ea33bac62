"""Free ports for servers that tests start."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Sequence

OURS = range(23_000, 32_700)  # below those that the kernel gives to clients, which may take one at any moment


def of_this_process(ports: Sequence[int]) -> Sequence[int]:
    """This test process's own part of a range: where several run at once, none takes a port of another's."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    each = len(ports) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return ports[worker * each : (worker + 1) * each]


def free_port() -> int:
    """A loopback port on which nobody listens, and that no client will be given."""
    for _ in range(100):
        port = random.choice(of_this_process(OURS))
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")
