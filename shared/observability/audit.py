"""The audit of acts: who did or was refused what; JSON, one document on a line, apart from the log.

    record("refused", {"who": …, "route": "/v1/incidents/{case_id}", "verdict": "forbidden"})

It holds every refusal, every look for a student by SSID, and every administrative act. Persons stand in it by
the ``sub`` of their token, never by name; no SSID is in it. It goes to ``STAIRS_AUDIT_FILE``; without that
setting to standard output, where nothing else of a server goes, while the log is on standard error.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import Any, TextIO

import orjson

from shared.observability.correlation import correlation_id, trace_id_of, traceparent
from shared.observability.metrics import counter
from shared.observability.printable import printable_text
from shared.observability.redaction import redact_value

STREAM = "audit"
BURST = 50  # lines a second about callers that nobody knows: a flood of bad tokens must not fill the disk


class AuditStream:
    """Where the lines go.

    :param now: a clock that only goes forward, in seconds.
    """

    def __init__(
        self,
        service: str,
        handler: logging.StreamHandler[Any],
        *,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._service, self._handler, self._now = service, handler, now
        self._second, self._written, self._withheld = float("-inf"), 0, 0
        self._lines = counter("audit_lines", "Lines of the audit of acts.", ("act",))
        self._left_out = counter("audit_lines_withheld", "Refusals of unknown callers that have no line.")

    def record(self, act: str, fields: Mapping[str, object], *, known: bool = True) -> None:
        """One line.

        :param known: whether it is known who; of others only so many lines a second are written, and then how
            many were not.
        """
        if not known and not self._room():
            self._withheld += 1
            self._left_out.inc()
            return
        if self._withheld:
            withheld, self._withheld = self._withheld, 0
            self._write("refusals_withheld", {"count": withheld})
        self._write(act, fields)

    def close(self) -> None:
        """Close the file; standard output stays open."""
        self._handler.close()

    def _room(self) -> bool:
        now = self._now()
        if now - self._second >= 1.0:
            self._second, self._written = now, 0
        self._written += 1
        return self._written <= BURST

    def _write(self, act: str, fields: Mapping[str, object]) -> None:
        self._lines.labels(act).inc()
        traced = traceparent.get()
        line = {
            "at": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "stream": STREAM,
            "service": self._service,
            "act": act,
            **fields,
            "correlation_id": correlation_id.get(),
            "trace_id": trace_id_of(traced) if traced else None,
        }
        known = {name: redact_value(value) for name, value in line.items() if value is not None}
        # a handler of logging, for its lock, and because it opens a file anew that was moved away
        self._handler.emit(
            logging.LogRecord(
                STREAM, logging.INFO, "", 0, printable_text(orjson.dumps(known).decode()), None, None
            )
        )


_stream: AuditStream | None = None


def configure_audit(service: str, file: Path | None, *, stream: TextIO | None = None) -> None:
    """Set up the audit of this process.

    :param file: appended to; made for its owner only. None: ``stream``, or standard output.
    :raises OSError: the file cannot be written.
    """
    global _stream  # noqa: PLW0603 - as the log, one for the process
    close()
    handler: logging.StreamHandler[Any]
    if file is None:
        handler = logging.StreamHandler(stream or sys.stdout)
    else:
        file.touch(mode=0o600)
        handler = WatchedFileHandler(file, encoding="utf-8")
    _stream = AuditStream(service, handler)


def close() -> None:
    """Nothing more is written; the file is closed."""
    global _stream  # noqa: PLW0603
    if _stream is not None:
        _stream.close()
    _stream = None


def record(act: str, fields: Mapping[str, object], *, known: bool = True) -> None:
    """One line of this process's audit; nothing where none is set up, as in a test of one function."""
    if _stream is not None:
        _stream.record(act, fields, known=known)
