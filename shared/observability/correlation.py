"""The id that ties together everything one request (or one message) caused, and the trace it came in."""

from __future__ import annotations

import re
from contextvars import ContextVar
from uuid import uuid4

from shared.observability.redaction import redact

HEADER = "X-Correlation-ID"

correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)
traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)

_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")


def accepted_or_new(sent: str | None) -> str:
    """The caller's id if it is harmless (short, plain, nothing that looks like an SSID), else a new one."""
    if sent is not None and _SANE.fullmatch(sent) and redact(sent) == sent:
        return sent
    return str(uuid4())


def sane_traceparent(sent: str | None) -> str | None:
    """The W3C ``traceparent`` that was sent, if it is one; it is kept and passed on, never made here."""
    return sent if sent is not None and _TRACEPARENT.fullmatch(sent) else None
