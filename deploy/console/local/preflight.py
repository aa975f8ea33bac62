"""What would stop a start half-way is found before anything is started."""

from __future__ import annotations

import socket

from deploy.console.errors import CommandError
from deploy.console.ports import HOST, Ports


def refuse_taken_ports(ports: Ports, *, kafka: bool) -> None:
    """Every port must be free.

    :raises CommandError: one is not; names all that are taken.
    """
    taken = taken_ports(ports, kafka=kafka)
    if taken:
        noun, verb = ("port", "is") if len(taken) == 1 else ("ports", "are")
        raise CommandError(
            f"{noun} {', '.join(taken)} {verb} taken: "
            "stop what uses it, or choose other ports with --port-offset 100"
        )


def taken_ports(ports: Ports, *, kafka: bool) -> list[str]:
    """Those that a program listens on, each with what it is for."""
    return [f"{port} ({name})" for name, port in ports.named(kafka=kafka).items() if not _free(port)]


def _free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do; TIME_WAIT is not "taken"
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True
