"""What can go wrong on somebody's machine, in one clear line."""

from __future__ import annotations

import os
from pathlib import Path


class Trouble(Exception):  # noqa: N818 - the sentence is what matters, and it is shown to a person
    """The command cannot go on; the words say why and what to do."""


def last_lines(path: Path, count: int = 12) -> str:
    """The end of a log file, to be shown beside the sentence that names it; empty if there is none."""
    if not path.exists():
        return ""
    with path.open("rb") as log:
        log.seek(0, os.SEEK_END)
        log.seek(max(0, log.tell() - 8192))
        return "\n".join(log.read().decode(errors="replace").splitlines()[-count:])
