"""The commands that a page promises: the README, the operations guide."""

from __future__ import annotations

import re
from pathlib import Path

_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SECTION = re.compile(r"^## ", re.MULTILINE)
_GOES_ON = re.compile(r"\s*\\\n\s*")


def commands_in(page: Path, *, under: str | None = None) -> list[str]:
    """Every command of every ``sh`` block, without its comment; of one ``##`` section if it is named."""
    text = page.read_text("utf-8")
    if under is not None:
        (text,) = [part for part in _SECTION.split(text) if part.startswith(f"{under}\n")]
    # a command may go on in the next line
    lines = [
        line for block in _BLOCK.findall(text) for line in re.sub(r"\s*\\\n\s*", " ", block).splitlines()
    ]
    return [command for line in lines if (command := re.sub(r"(^|\s+)#.*", "", line).strip())]
