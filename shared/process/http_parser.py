"""HTTP/1.1 by h11, and stricter where somebody before us could read a request otherwise than we do."""

from __future__ import annotations

import re
from collections.abc import Callable

import h11

from shared.http.problem import HeadTooLarge, MalformedRequest, UnknownCoding
from shared.kernel.errors import Refusal
from shared.process.http_settings import ConnectionLimits

AT_A_TIME = 64  # pieces of a body that are parsed before others have their turn

_HEAD_END = re.compile(rb"\n\r?\n")
_ABSOLUTE = re.compile(rb"https?://[^/?#]*", re.IGNORECASE)
_CLOSE = (b"connection", b"close")


class Parser(h11.Connection):
    """One connection's protocol state.

    :param pause: called where more of a body is there than is parsed at a time; ``unpaused`` ends it.
    """

    def __init__(self, limits: ConnectionLimits, pause: Callable[[], None]) -> None:
        super().__init__(h11.SERVER, limits.head_bytes)
        self._limits = limits
        self._pause = pause
        self._pieces = 0  # of the present body
        self._parsed = 0  # of them since the last pause
        self.refusal: Refusal | None = None  # why ``next_event`` raised, in our words

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        """What the client sent next.

        :raises h11.RemoteProtocolError: not what RFC 9112 has, or more than is taken; see ``refusal``.
        """
        try:
            if self.their_state is h11.IDLE:
                self._require_small_head()
            elif self.their_state is h11.SEND_BODY and self._parsed >= AT_A_TIME:
                self._pause()
                return h11.NEED_DATA
            elif self.their_state is h11.MUST_CLOSE:
                # what follows the last request is not looked at; h11 would answer 400 to the request itself
                return h11.PAUSED if self.trailing_data[0] else h11.NEED_DATA
            return self._seen(super().next_event())
        except h11.RemoteProtocolError as error:
            self.refusal = _refusal(error, self._limits)
            raise

    def unpaused(self) -> bool:
        """End the pause; answers whether there was one."""
        paused, self._parsed = self._parsed >= AT_A_TIME, 0
        return paused

    def send(self, event: h11.Event) -> bytes | None:  # type: ignore[override]  # h11 has it as overloads
        """The bytes of what we answer; an answer to half a request says that it is the last one."""
        if isinstance(event, h11.Response) and self.their_state is h11.SEND_BODY:
            headers = [*event.headers.raw_items(), _CLOSE]
            event = h11.Response(status_code=event.status_code, headers=headers, reason=event.reason)
        return super().send(event)

    @property
    def begun(self) -> bool:
        """Whether a part of a head is there."""
        return self.their_state is h11.IDLE and bool(self.trailing_data[0])

    @property
    def whole(self) -> bool:
        """Whether nothing more belongs to the present request."""
        return self.their_state not in (h11.SEND_BODY, h11.ERROR) and not self.begun

    def _require_small_head(self) -> None:
        """Before it is parsed, which costs more than counting."""
        self._pieces = self._parsed = 0
        there = self.trailing_data[0]
        blank = len(there) - len(there.lstrip(b"\r\n"))
        if blank:  # RFC 9112 §2.2: blank lines before a request are overlooked
            self._receive_buffer._extract(blank)
            there = there[blank:]
        end = _HEAD_END.search(there)
        size = end.end() if end else len(there)
        if size > self._limits.head_bytes or there.count(b"\n", 0, size) > self._limits.head_lines:
            raise h11.RemoteProtocolError("the head is too large", error_status_hint=431)

    def _seen(
        self, event: h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]
    ) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        if isinstance(event, h11.Request):
            return _checked(event)
        if isinstance(event, h11.Data):
            self._pieces += 1
            self._parsed += 1
            if self._pieces > self._limits.chunks:
                raise h11.RemoteProtocolError("too many chunks")
        return event


def _checked(request: h11.Request) -> h11.Request:
    """The request, if no proxy can have read it otherwise (RFC 9112 §6.1, §6.3)."""
    names = {name for name, _ in request.headers}
    if not request.http_version.startswith(b"1."):
        raise h11.RemoteProtocolError("not HTTP/1.1")
    if b"transfer-encoding" in names and (b"content-length" in names or request.http_version == b"1.0"):
        raise h11.RemoteProtocolError("two lengths, or chunks before there were any")
    absolute = _ABSOLUTE.match(request.target)
    if absolute is None:
        return request
    # RFC 9112 §3.2.2: the form that proxies are asked in is taken by servers too
    target = request.target[absolute.end() :]
    return h11.Request(
        method=request.method,
        target=target if target.startswith(b"/") else b"/" + target,
        headers=request.headers,
        http_version=request.http_version,
    )


def _refusal(error: h11.RemoteProtocolError, limits: ConnectionLimits) -> Refusal:
    if error.error_status_hint == 431:
        return HeadTooLarge(
            f"At most {limits.head_bytes:,} bytes and {limits.head_lines} lines of request line and headers."
        )
    if error.error_status_hint == 501:
        return UnknownCoding("Send Transfer-Encoding: chunked, or a Content-Length.")
    return MalformedRequest("The request is not HTTP/1.1 as RFC 9112 describes it.")
