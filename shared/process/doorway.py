"""A service's doorway: ``python -m services.<name> VERB``.

    def api() -> None:
        "Serve the REST API."

    raise SystemExit(run({"api": api, "worker": worker, "migrate": migrate, "rebuild": rebuild}))

A verb's help is its docstring's first line; words after it on the command line are its arguments.
"""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from shared.persistence.faults import StoreUnavailable

FAILED = 1
WRONG_USAGE = 2

log = logging.getLogger(__name__)  # the standard one: it is fit to use before it is configured, too

Verb = Callable[..., int | None]


def run(verbs: Mapping[str, Verb], argv: Sequence[str] | None = None, *, program: str | None = None) -> int:
    """Do what the command line says; answers the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    program = program or _program()
    if words[:1] in (["-h"], ["--help"], ["help"]):
        sys.stdout.write(usage(program, verbs))
        return 0
    verb = verbs.get(words[0]) if words else None
    if verb is None or not _takes(verb, words[1:]):
        sys.stderr.write(usage(program, verbs))
        return WRONG_USAGE
    return _done(verb, words[1:])


def usage(program: str, verbs: Mapping[str, Verb]) -> str:
    """The help text."""
    width = max(map(len, verbs))
    lines = [f"  {name:<{width}}  {_meaning(verb)}" for name, verb in verbs.items()]
    return "\n".join([f"usage: python -m {program} VERB", "", *lines, ""])


def _done(verb: Verb, arguments: Sequence[str]) -> int:
    """A verb that fails ends in the log, where tracebacks are masked, and not on the bare terminal."""
    try:
        return verb(*arguments) or 0
    except StoreUnavailable as away:
        log.error("process_failed: %s", away)  # noqa: TRY400 - the line before named the setting; no bug of ours
        return FAILED
    except Exception:
        log.exception("process_failed")
        return FAILED


def _meaning(verb: Verb) -> str:
    return (inspect.getdoc(verb) or "").partition("\n")[0]


def _takes(verb: Verb, arguments: Sequence[str]) -> bool:
    try:
        inspect.signature(verb).bind(*arguments)
    except TypeError:
        return False
    return True


def _program() -> str:
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    return spec.parent if spec is not None and spec.parent else Path(sys.argv[0]).name
