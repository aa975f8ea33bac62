"""Free ports for servers that tests start."""

from __future__ import annotations

import random
import socket

OURS = range(23_000, 32_700)  # below those that the kernel gives to clients, which may take one at any moment


def free_port() -> int:
    """A loopback port on which nobody listens, and that no client will be given."""
    for _ in range(100):
        port = random.choice(OURS)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no free port")
