"""One connection of a server: uvicorn's protocol on h11, bounded in size, time and number.

Each that we end before its client does is counted by its reason (docs/operations.md says which limit it was).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, ClassVar, Literal
from uuid import uuid4

import h11
from starlette.responses import Response
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol
from uvicorn.server import ServerState

from shared.http.middleware import GUARDS
from shared.http.problem import Busy, TooSlow, refused
from shared.kernel.errors import Refusal
from shared.kernel.trail import Trail
from shared.observability import correlation
from shared.observability.metrics import counter, gauge
from shared.process.http_parser import Parser
from shared.process.http_settings import ConnectionLimits

FULL_FOR = 2  # seconds; a guess, for when a connection is free again

Reason = Literal[
    "head_too_large",  # 431
    "head_too_slow",  # 408
    "malformed",  # 400 or 501: not HTTP as we take it
    "silent",  # no byte of a request came
    "idle",  # open between two requests for too long
    "full",  # 503: all were at work
    "made_room",  # for another one: it was silent longest
    "answer_not_taken",  # the client read nothing for too long
    "drained",  # a refused request came to its end, or its client left with the refusal
    "not_drained",  # it was longer, or slower, than we read on
]

OPEN = gauge("http_connections", "Connections that are open.")
ENDED = counter("http_connections_ended", "Connections that this side ended, by reason.", ("reason",))


class Connection(H11Protocol):
    """A connection; ``bounded`` makes the class for given limits."""

    limits: ClassVar[ConnectionLimits] = ConnectionLimits()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.conn: Parser = Parser(self.limits, self._pause)
        self.since = 0.0  # when something was heard of the client last
        self.ended = False  # at once; asyncio tells us of it a little later
        self.stopping = False  # with the process
        self._wire: _Wire  # from ``connection_made`` on
        self._head_due: asyncio.TimerHandle | None = None
        self._answer_due: asyncio.TimerHandle | None = None

    # --- what asyncio calls -------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """A client is there."""
        OPEN.inc()
        self.since = self.loop.time()
        self._wire = _Wire(transport, self)
        super().connection_made(self._wire)
        self._head_due = self.loop.call_later(self.limits.head_seconds, self._head_is_late)
        if len(self.connections) > self.limits.connections:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """A part of a request, or of what follows a refused one."""
        if self._wire.is_closing():
            self._wire.drain(len(data))
            return
        self.since = self.loop.time()
        super().data_received(data)
        self._mind_the_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        OPEN.dec()
        self._wire.lost()
        for due in (self._head_due, self._answer_due):
            if due is not None:
                due.cancel()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The client does not take its answer as fast as we write it."""
        super().pause_writing()
        self._answer_due = self.loop.call_later(self.limits.answer_seconds, self.cut, "answer_not_taken")

    def resume_writing(self) -> None:
        """It took enough."""
        super().resume_writing()
        if self._answer_due is not None:
            self._answer_due.cancel()
            self._answer_due = None

    # --- what uvicorn calls -------------------------------------------------------------------------------

    def shutdown(self) -> None:
        """The process ends: running requests finish, what is only read away does not."""
        self.stopping = True
        if self._wire.is_closing():
            self._wire.abort()
        else:
            super().shutdown()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the parser knows more
        """What came is no request that we take."""
        refusal = self.conn.refusal
        assert refusal is not None  # noqa: S101 - uvicorn asks for this where the parser raised
        self.refuse(refusal, "head_too_large" if refusal.code == "head_too_large" else "malformed")

    def timeout_keep_alive_handler(self) -> None:
        """Nothing came between two requests."""
        if not self._wire.is_closing():
            ENDED.labels("idle").inc()
        super().timeout_keep_alive_handler()

    def _should_upgrade(self) -> bool:
        """Nothing is upgraded to: the request is answered as the HTTP/1.1 that it is (RFC 9110 §7.8)."""
        return False

    # --- ours ---------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether no request is under way here."""
        return self.cycle is None or self.cycle.response_complete or self._wire.is_closing()

    def refuse(self, refusal: Refusal, reason: Reason) -> None:
        """Answer what never became a request, and end the connection."""
        ENDED.labels(reason).inc()
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self._wire.abort()  # the middle of an answer is no place for another one
            return
        with correlation.following(Trail(str(uuid4()))):
            answer, headers = _problem(refusal, self.server_state.default_headers)
        reason_phrase = STATUS_PHRASES[answer.status_code]
        head = h11.Response(status_code=answer.status_code, headers=headers, reason=reason_phrase)
        for event in (head, h11.Data(data=bytes(answer.body)), h11.EndOfMessage()):
            self._wire.write(self.conn.send(event) or b"")
        self._wire.end()

    def cut(self, reason: Reason) -> None:
        """End it at once, whatever is still to be sent."""
        if not self.ended:
            self.ended = True
            ENDED.labels(reason).inc()
            self._wire.abort()

    def go_on(self) -> None:
        """The application asks for more: parse what was left."""
        if self.conn.unpaused() and not self._wire.is_closing():
            self.handle_events()

    def _pause(self) -> None:
        self.flow.pause_reading()

    def _mind_the_head(self) -> None:
        if self.conn.begun and not self._wire.is_closing():
            if self._head_due is None:
                self._head_due = self.loop.call_later(self.limits.head_seconds, self._head_is_late)
        elif self._head_due is not None:
            self._head_due.cancel()
            self._head_due = None

    def _head_is_late(self) -> None:
        self._head_due = None
        if self._wire.is_closing():
            return
        if self.conn.begun:
            self.refuse(TooSlow("The head was not whole in time."), "head_too_slow")
        else:
            self.cut("silent")

    def _make_room(self) -> None:
        """The one that was silent longest makes room; where all are at work, this one is turned away."""
        others: Iterable[Any] = self.connections  # uvicorn's type names its own classes only
        silent = [each for each in others if each is not self and each.waiting and not each.ended]
        if silent:
            min(silent, key=lambda each: float(each.since)).cut("made_room")
        else:
            self.refuse(Busy("All connections are at work; please try again.", retry_after=FULL_FOR), "full")


def bounded(limits: ConnectionLimits) -> type[Connection]:
    """The class of connections with these limits, as ``uvicorn.Config`` takes it."""
    return type("Connection", (Connection,), {"limits": limits})


def _problem(refusal: Refusal, date: list[tuple[bytes, bytes]]) -> tuple[Response, list[tuple[bytes, bytes]]]:
    answer = refused(refusal)
    answer.headers[correlation.HEADER] = correlation.correlation_id.get() or ""
    answer.headers["Connection"] = "close"
    return answer, [*date, *answer.raw_headers, *GUARDS]


class _Wire(asyncio.Transport):
    """The transport as uvicorn sees it: it closes so that the client comes to read the last answer.

    Closing while the client still sends makes the kernel reset the connection, and most clients then throw
    the answer away. So our half is closed, and what comes is read and thrown away for a while.
    """

    def __init__(self, inner: asyncio.Transport, connection: Connection) -> None:
        super().__init__()
        self._inner = inner
        self._connection = connection
        self._closing = False
        self._draining = False
        self._drained = 0
        self._due: asyncio.TimerHandle | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if data and not self._closing:
            self._inner.write(data)

    def is_closing(self) -> bool:
        return self._closing or self._inner.is_closing()

    def close(self) -> None:
        if self._closing:
            return
        unread = not self._connection.conn.whole or self._connection.flow.read_paused
        if unread and not self._connection.stopping:
            self.end()
            return
        self._closing = True
        self._inner.close()
        # it is closed when all is sent, and a client may take nothing
        self._due_in(self._connection.limits.answer_seconds, "answer_not_taken")

    def end(self) -> None:
        """Close our half; the other one when the client has, or has sent too much for too long."""
        self._closing = self._draining = True
        if self._inner.can_write_eof():
            self._inner.write_eof()
        self._connection.flow.resume_reading()
        self._due_in(self._connection.limits.drain_seconds, "not_drained")

    def drain(self, size: int) -> None:
        """So many bytes came that nobody wants any more."""
        self._drained += size
        if self._drained > self._connection.limits.drain_bytes:
            self._connection.cut("not_drained")

    def abort(self) -> None:
        self._closing = True
        self._inner.abort()

    def lost(self) -> None:
        """The connection is over."""
        self._closing = True
        if self._due is not None:
            self._due.cancel()
        if self._draining and not self._connection.ended:
            ENDED.labels("drained").inc()

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ANN401 - asyncio's signature
        return self._inner.get_extra_info(name, default)

    def pause_reading(self) -> None:
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        if not self._inner.is_closing():
            self._inner.resume_reading()
        self._connection.loop.call_soon(self._connection.go_on)

    def _due_in(self, seconds: float, reason: Reason) -> None:
        self._due = self._connection.loop.call_later(seconds, self._connection.cut, reason)
