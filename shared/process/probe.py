"""``python -m shared.process.probe URL``: a container's health check; 0 when the address answers 200."""

from __future__ import annotations

import sys
from http.client import HTTPException
from urllib.request import urlopen

PATIENCE = 4.0  # seconds


def well(url: str) -> bool:
    """Whether the address answers 200 in time."""
    if not url.startswith("http://127.0.0.1:"):
        return False  # a container asks itself only
    try:
        with urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 - http on the loopback, as checked above
            return bool(answer.status == 200)
    except (OSError, HTTPException):
        return False


if __name__ == "__main__":
    sys.exit(0 if len(sys.argv) == 2 and well(sys.argv[1]) else 1)
