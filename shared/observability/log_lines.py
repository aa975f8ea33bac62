"""Reading a line of the log in the form for people; without what writing one needs (structlog)."""

from __future__ import annotations

import logging
import re

# The beginning of a line for people, as structlog writes it.
_HEAD = re.compile(r"\S+ \[(debug|info|warning|error|critical) *\] ")


def level_of(line: str) -> int | None:
    """The level of a line in the form for people; None: a traceback's, or another program's."""
    head = _HEAD.match(line)
    return logging.getLevelNamesMapping()[head[1].upper()] if head else None
