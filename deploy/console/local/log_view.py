"""What a person sees while the system runs: lines of the processes' logs, each under its process's name."""

from __future__ import annotations

import itertools
import logging
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.text import Text

from shared.observability.log_lines import level_of

COLORS = ("cyan", "green", "magenta", "yellow", "blue", "bright_cyan", "bright_green", "bright_magenta")


@dataclass
class Followed:
    """One log file, read from where it stood when we came."""

    path: Path
    color: str
    position: int = 0
    inode: int = 0
    rest: bytes = b""

    def new_lines(self) -> list[str]:
        """What was written since the last look; begins anew when the file was rotated."""
        try:
            status = self.path.stat()
        except FileNotFoundError:
            return []
        if status.st_ino != self.inode or status.st_size < self.position:
            self.position = 0 if self.inode else status.st_size
            self.inode = status.st_ino
        with self.path.open("rb") as log:
            log.seek(self.position)
            *lines, self.rest = (self.rest + log.read()).split(b"\n")
            self.position = log.tell()
        return [line.decode(errors="replace") for line in lines]


@dataclass
class LogScreen:
    """Prints what the processes log: from a level on, and what names none, such as a traceback."""

    folder: Path
    names: list[str]
    console: Console
    level: int = logging.WARNING
    _files: list[Followed] = field(default_factory=list)

    def __post_init__(self) -> None:
        colors = itertools.cycle(COLORS)
        self._files = [Followed(self.folder / f"{name}.log", next(colors)) for name in self.names]
        for file in self._files:
            file.new_lines()  # what earlier runs wrote is not news

    def show_news(self) -> None:
        """Print every new line that matters enough."""
        width = max(len(name) for name in self.names)
        for file in self._files:
            for line in file.new_lines():
                if (level_of(line) or self.level) < self.level:
                    continue
                prefix = Text(f"{file.path.stem:<{width}} │ ", style=file.color)
                self.console.print(prefix + Text(line), soft_wrap=True)
