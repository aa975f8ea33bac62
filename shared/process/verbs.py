"""The verbs of a command line: what they print, how they end, and what their help looks like.

    verbs = group("What this program is for.")

    @verbs.command()
    def migrate() -> None:
        "What the help says."
        done(FAILED)

    run(verbs)

Logs go to standard error. With ``--json`` a verb prints JSON documents on standard output, one on a line, and
nothing else there. The exit codes are those of ``exit_codes``.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping
from typing import Annotated, Any, NoReturn

import orjson
import typer

from shared.observability.printable import printable_text
from shared.persistence.faults import StoreUnavailable
from shared.process.exit_codes import FAILED

log = logging.getLogger(__name__)  # the standard one: it is fit to use before it is configured, too

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, one document on a line, for scripts.")]


def group(text: str) -> typer.Typer:
    """A group of verbs, with this help."""
    return typer.Typer(
        help=text,
        no_args_is_help=True,
        add_completion=False,  # ``stairs`` completes; nobody types these by the day
        rich_markup_mode=None,
        pretty_exceptions_enable=False,  # tracebacks go to the log, where they are masked
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def run(app: typer.Typer) -> NoReturn:
    """Do what the command line says, and end the process.

    A verb that fails ends in the log, where tracebacks are masked, and not on the bare terminal.

    :raises SystemExit: with the exit code.
    """
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    try:
        app(prog_name=f"python -m {spec.parent}" if spec is not None else None)
    except StoreUnavailable as away:
        # no bug of ours: a line before this one named the setting
        log.error("process_failed: %s", away)  # noqa: TRY400
    except Exception:
        log.exception("process_failed")
    raise SystemExit(FAILED)


def done(code: int) -> NoReturn:
    """End a verb with this exit code."""
    raise typer.Exit(code)


def say(document: Mapping[str, Any]) -> None:
    """Print a JSON document on a line of its own."""
    say_words(orjson.dumps(document).decode())


def say_words(line: str) -> None:
    """Print a line (or several) for people; what strangers wrote in it moves no terminal's cursor."""
    sys.stdout.write(printable_text(line) + "\n")
    sys.stdout.flush()
