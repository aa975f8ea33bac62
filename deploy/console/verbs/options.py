"""Options and arguments that several commands have, and how a command answers a script."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

HERE = Path("var")

Dir = Annotated[Path, typer.Option("--dir", help="Folder of all state.", envvar="STAIRS_DIR")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for scripts: one object per line.")]
Service = Literal["incidents", "appeals", "notifications"]
OneService = Annotated[Service, typer.Argument(help="The service.", show_default=False)]
AnyService = Annotated[Service | None, typer.Argument(help="The service; all if none is named.")]


def print_json(answer: Mapping[str, Any]) -> None:
    """One object on one line of standard output, at once."""
    sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
    sys.stdout.flush()
