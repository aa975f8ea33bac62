"""Errors of commands: one clear line on standard error, and exit code 1."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from deploy.console.screen import Screen


class CommandError(Exception):
    """The command cannot go on; the words say why and what to do."""


def last_lines(path: Path, count: int = 12) -> str:
    """The end of a log file, to be shown beside the sentence that names it; empty if there is none."""
    if not path.exists():
        return ""
    with path.open("rb") as log:
        log.seek(0, os.SEEK_END)
        log.seek(max(0, log.tell() - 8192))
        return "\n".join(log.read().decode(errors="replace").splitlines()[-count:])


@contextmanager
def reporting_errors() -> Iterator[None]:
    """A trouble becomes one clear line (and the end of the log that it names) and exit code 1."""
    try:
        yield
    except CommandError as trouble:
        first, _, rest = str(trouble).partition("\n")
        errors = Screen(stderr=True, highlight=False)
        errors.print(f"[bold red]stairs:[/] {_literal(first)}", soft_wrap=True)
        if rest:
            errors.print(_literal(rest), style="dim", soft_wrap=True)
        raise typer.Exit(1) from None


def _literal(text: str) -> str:
    return text.replace("[", r"\[")
