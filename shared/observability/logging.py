"""Logs: one line per happening, for people (``console``) or machines (``json``), on standard error.

An event's name is past-tense snake_case (``message_dead_lettered``), ids are fields, and nothing personal is
logged: the last processor masks whatever may be an SSID, tracebacks and foreign libraries included.
``ERROR`` means that somebody must act.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from shared.observability.correlation import correlation_id, trace_id_of, traceparent
from shared.observability.printable import printable, printable_text, printable_value
from shared.observability.redaction import redact, redact_value

Form = Literal["json", "console"]

_plain_lines: tuple[logging.StreamHandler[TextIO], str] | None = None  # where ``tell`` writes, and who we are


def with_correlation(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Every line says which request or message it belongs to."""
    current = correlation_id.get()
    if current is not None:
        event.setdefault("correlation_id", current)
    traced = traceparent.get()
    if traced is not None:
        event.setdefault("trace_id", trace_id_of(traced))
    return event


def without_ssids(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The last thing before rendering: whatever was put in, no SSID gets out."""
    return {redact(key): redact_value(value) for key, value in event.items()}


def without_controls(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """For a terminal: nothing that was sent moves its cursor, nor looks like a line of its own."""
    tracebacks = {
        name: textwrap.indent(printable_text(str(event.pop(name))), "    ")
        for name in ("exception", "stack")
        if event.get(name)
    }
    return {**{printable(str(name)): printable_value(value) for name, value in event.items()}, **tracebacks}


def tell(logger: str, event: str, **fields: str | float) -> None:
    """A line at ``INFO`` on the hot path, for a tenth of the price of the others.

    Nothing in it is masked: every value must be a word or a figure of our own, never anything that was sent.
    """
    if _plain_lines is None:
        structlog.get_logger(logger).info(event, **fields)
        return
    handler, service = _plain_lines
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    line: EventDict = {"event": event, **fields, "level": "info", "logger": logger, "timestamp": at}
    line["service"] = service
    text = orjson.dumps(with_correlation(None, "info", line)).decode()
    with handler.lock or contextlib.nullcontext():
        handler.stream.write(text + "\n")
        handler.flush()


def configure(form: Form, *, service: str, level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Set up logging for this process; stdlib loggers (uvicorn's, asyncpg's, …) go the same way."""
    shared = _shared_processors(service)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,  # lines are few; a cached logger would outlive another set-up
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=_renderers(form))
    )
    global _plain_lines  # noqa: PLW0603 - as the root logger is one for the process
    _plain_lines = (handler, service) if form == "json" and level <= logging.INFO else None
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    logging.getLogger("kafka").setLevel(max(level, logging.WARNING))  # it tells every fetch and rebalance
    _hand_over(("uvicorn", "uvicorn.error", "uvicorn.access"))
    for chatty in ("httpx", "httpcore"):  # one line per poll of a feed would bury everything else
        logging.getLogger(chatty).setLevel(max(level, logging.WARNING))


def _shared_processors(service: str) -> Sequence[Processor]:
    def of_service(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event.setdefault("service", service)
        return event

    return (
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        of_service,
        with_correlation,
        structlog.processors.format_exc_info,
    )


def _renderers(form: Form) -> list[Processor]:
    render: Processor
    if form == "json":
        render = structlog.processors.JSONRenderer(serializer=_to_json)
        return [structlog.stdlib.ProcessorFormatter.remove_processors_meta, without_ssids, render]
    render = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    return [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        without_ssids,
        without_controls,
        render,
    ]


def _to_json(event: EventDict, **_options: Any) -> str:  # noqa: ANN401 - structlog hands options on
    # orjson escapes what is below a blank; a terminal obeys others, too
    return printable(orjson.dumps(event, option=orjson.OPT_NON_STR_KEYS).decode())


def _hand_over(names: Sequence[str]) -> None:
    for name in names:
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
