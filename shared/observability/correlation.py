"""The id that ties together everything one request (or one message) caused, and the trace it came in."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from contextvars import ContextVar
from uuid import uuid4

from shared.kernel.ssid import IN_A_ROW
from shared.kernel.trail import Trail
from shared.observability.redaction import redact

HEADER = "X-Correlation-ID"

correlation_id: ContextVar[str | None] = ContextVar("correlation_id", default=None)
traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)

_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
_MASKED_DIGITS = "f" * 10
_TRACE_ID = slice(3, 35)  # of a traceparent


def present() -> Trail | None:
    """The trail of what is being done now; None for what nobody asked for (a clock, a clean-up)."""
    current = correlation_id.get()
    return None if current is None else Trail(current, traceparent.get())


@contextlib.contextmanager
def following(trail: Trail | None) -> Iterator[None]:
    """Inside, whatever is stored, published or logged belongs to this trail (or, for None, to none)."""
    correlated = correlation_id.set(trail.correlation_id if trail else None)
    traced = traceparent.set(trail.traceparent if trail else None)
    try:
        yield
    finally:
        correlation_id.reset(correlated)
        traceparent.reset(traced)


def accepted_or_new(sent: str | None) -> str:
    """The caller's id if it is harmless (short, plain, nothing that looks like an SSID), else a new one.

    Also in a UUID: a caller can put ten digits of his choice into one.
    """
    sane = sane_correlation_id(sent)
    return sane if sane is not None and not IN_A_ROW.search(sane) else _new()


def _new() -> str:
    while IN_A_ROW.search(made := str(uuid4())):
        pass
    return made


def sane_correlation_id(sent: str | None) -> str | None:
    """The id that was sent, if it is harmless."""
    return sent if sent is not None and _SANE.fullmatch(sent) and redact(sent) == sent else None


def sane_traceparent(sent: str | None) -> str | None:
    """The W3C ``traceparent`` that was sent, if it is one; it is kept and passed on, never made here."""
    return sent if sent is not None and _TRACEPARENT.fullmatch(sent) else None


def accepted_traceparent(sent: str | None) -> str | None:
    """A caller's ``traceparent``, with what may be an SSID in its hexadecimal digits masked by others.

    The trace then is still one among us, and leaves the caller's: by chance that happens to one id in thirty.
    """
    sane = sane_traceparent(sent)
    return None if sane is None else IN_A_ROW.sub(_MASKED_DIGITS, sane)


def trace_id_of(traced: str) -> str:
    """The part of a ``traceparent`` that all spans of one trace share: what a log line carries."""
    return traced[_TRACE_ID]
