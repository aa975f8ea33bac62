"""One connection of a server: requests read strictly, bounded in size, time and number.

Each that we end before its client does is counted by its reason (docs/operations.md says which limit it was).
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from typing import Any, ClassVar, Literal
from urllib.parse import unquote
from uuid import uuid4

from uvicorn._types import ASGISendEvent
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle
from uvicorn.protocols.utils import get_local_addr, get_remote_addr, is_ssl
from uvicorn.server import ServerState

from shared.http.audit import CALLER
from shared.http.middleware import GUARDS
from shared.http.problem import Busy, HeadTooLarge, TooSlow, refused
from shared.kernel.errors import Refusal
from shared.kernel.trail import Trail
from shared.observability import correlation
from shared.observability.metrics import counter, gauge
from shared.process.http_parser import Head, Parser
from shared.process.http_settings import ConnectionLimits

log = logging.getLogger("uvicorn.error")

FULL_FOR = 2  # seconds; a guess, for when a connection is free again
PART_OF_ALL = 32  # one of so many strangers' connections is closed at once
SETTLED = 5.0  # seconds of silence, after which no request of a known client is on its way, as a rule

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


class Connection(asyncio.Protocol):
    """A connection; ``bounded`` makes the class for given limits.

    What is read of it is ours; how an application answers (ASGI) is uvicorn's.
    """

    limits: ClassVar[ConnectionLimits] = ConnectionLimits()

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        if not config.loaded:
            config.load()
        self.loop = _loop or asyncio.get_event_loop()
        self.server_state = server_state
        self.parser = Parser(self.limits)
        self.cycle: _Exchange | None = None  # the present request, or the last one
        self.since = 0.0  # when something was heard of the client last
        self.ended = False  # at once; asyncio tells us of it a little later
        self.stopping = False  # with the process
        self.known = False  # whether a token was believed here
        self.stalled = False  # the client does not take its answer
        self.flow: FlowControl  # these two from ``connection_made`` on
        self._wire: _Wire
        self._app = config.loaded_app
        self._connections: set[Any] = server_state.connections  # uvicorn's type names its own classes only
        self._scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": config.asgi_version, "spec_version": "2.3"},
            "root_path": "",
            "state": app_state,
        }
        self._head_due: asyncio.TimerHandle | None = None
        self._next_due: asyncio.TimerHandle | None = None
        self._answer_due: asyncio.TimerHandle | None = None

    # --- what asyncio calls -------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as asyncio has it
        """A client is there."""
        OPEN.inc()
        self._connections.add(self)
        self.since = self.loop.time()
        self._wire = _Wire(transport, self)
        self.flow = FlowControl(self._wire)
        self._scope |= {
            "server": get_local_addr(transport),
            "client": get_remote_addr(transport),
            "scheme": "https" if is_ssl(transport) else "http",
        }
        self._head_due = self.loop.call_later(self.limits.head_seconds, self._head_is_late)
        if len(self._connections) > self.limits.connections:
            self._make_room()

    def data_received(self, data: bytes) -> None:
        """A part of a request, or of what follows a refused one."""
        if self._wire.is_closing():
            self._wire.drain(len(data))
            return
        self.since = self.loop.time()
        self.parser.feed(data)
        self.go_on()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """It is over."""
        OPEN.dec()
        self._connections.discard(self)
        self._wire.lost()
        for due in (self._head_due, self._next_due, self._answer_due):
            if due is not None:
                due.cancel()
        if self.cycle is not None:
            self.cycle.client_left()
        self.flow.resume_writing()  # whoever waits for it is told that the client left

    def pause_writing(self) -> None:
        """The client does not take its answer as fast as we write it."""
        self.flow.pause_writing()
        self.stalled = True
        self._answer_due = self.loop.call_later(self.limits.answer_seconds, self.cut, "answer_not_taken")

    def resume_writing(self) -> None:
        """It took enough."""
        self.flow.resume_writing()
        self.stalled = False
        if self._answer_due is not None:
            self._answer_due.cancel()
            self._answer_due = None

    # --- what uvicorn calls -------------------------------------------------------------------------------

    def shutdown(self) -> None:
        """The process ends: running requests finish, what is only read away does not."""
        self.stopping = True
        if self._wire.is_closing():
            self._wire.abort()
        elif self.cycle is None or self.cycle.response_complete:
            self._wire.close()
        else:
            self.cycle.keep_alive = False

    def answered(self) -> None:
        """A request has its whole answer."""
        self.server_state.total_requests += 1
        self.known = self.known or (self.cycle is not None and CALLER in self.cycle.scope)
        if not self._wire.is_closing():
            self._next_due = self.loop.call_later(self.limits.idle_seconds, self._nothing_came)
            self.flow.resume_reading()

    # --- ours ---------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether no request is under way here."""
        return self.cycle is None or self.cycle.response_complete or self._wire.is_closing()

    @property
    def dispensable(self) -> bool:
        """Whether it may make room: nobody's of whom anything is known, or known and silent for long.

        A known client may have sent its next request a moment ago. Somebody unknown who does not take an
        answer holds up nobody but himself.
        """
        if self.ended:
            return False
        if self.known and not self._wire.is_closing():
            return self.waiting and self.loop.time() - self.since > SETTLED
        return self.waiting or self.stalled

    def refuse(self, refusal: Refusal, reason: Reason) -> None:
        """Answer what never became a request, and end the connection."""
        ENDED.labels(reason).inc()
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.client_left()
            if self.cycle.response_started:
                self._wire.abort()  # the middle of an answer is no place for another one
                return
        with correlation.following(Trail(str(uuid4()))):
            self._wire.write(_problem(refusal, self.server_state.default_headers))
        self._wire.end()

    def forget_request(self) -> None:
        """Hold nothing of it any more: it is refused, and what still comes of it is thrown away."""
        self.parser.forget()
        if self.cycle is not None:
            self.cycle.body = bytearray()

    def cut(self, reason: Reason) -> None:
        """End it at once, whatever is still to be sent."""
        if not self.ended:
            self.ended = True
            self._connections.discard(self)
            ENDED.labels(reason).inc()
            self._wire.abort()

    def go_on(self) -> None:
        """Read what is there, and take it for what it is."""
        try:
            self._read_on()
        except Refusal as refusal:
            self.refuse(refusal, "head_too_large" if isinstance(refusal, HeadTooLarge) else "malformed")
        else:
            self._mind_the_head()

    def _read_on(self) -> None:
        while not self._wire.is_closing():
            if self.cycle is not None and self.parser.in_body:
                self.cycle.take(self.parser.body(), more=self.parser.in_body)
                if self.parser.stopped or len(self.cycle.body) > HIGH_WATER_LIMIT:
                    self.flow.pause_reading()
                if self.parser.in_body:
                    return
            if not self.waiting:
                if self.parser.unread:
                    self.flow.pause_reading()  # one request at a time
                return
            head = self.parser.head()
            if head is None:
                return
            self._begin(head)

    def _begin(self, head: Head) -> None:
        if self._next_due is not None:
            self._next_due.cancel()
            self._next_due = None
        path, _, query = head.target.partition(b"?")
        scope = {
            **self._scope,
            "http_version": head.version,
            "method": head.method,
            "path": unquote(path.decode("ascii")) if b"%" in path else path.decode("ascii"),
            "raw_path": path,
            "query_string": query,
            "headers": head.headers,
            "state": self._scope["state"].copy(),
        }
        self.cycle = _Exchange(self, self._wire, scope, head, more=self.parser.in_body)
        task = self.loop.create_task(self.cycle.run_asgi(self._app))
        self.server_state.tasks.add(task)
        task.add_done_callback(self.server_state.tasks.discard)

    def _mind_the_head(self) -> None:
        if not self.waiting:
            if self._head_due is not None:
                self._head_due.cancel()
                self._head_due = None
        elif self.parser.begun and self._head_due is None and not self._wire.is_closing():
            self._head_due = self.loop.call_later(self.limits.head_seconds, self._head_is_late)

    def _head_is_late(self) -> None:
        self._head_due = None
        if self._wire.is_closing():
            return
        if self.parser.begun:
            self.refuse(TooSlow("The head was not whole in time."), "head_too_slow")
        else:
            self.cut("silent")

    def _nothing_came(self) -> None:
        """Between two requests; where a part of a head came, its own time runs."""
        if not self.parser.begun and not self._wire.is_closing():
            ENDED.labels("idle").inc()
            self._wire.close()

    def _make_room(self) -> None:
        """One makes room, of those without a believed token first, and of them the one silent longest.

        Where there is none, this one is turned away. So a flood of strangers' connections closes those of
        strangers; a few at once, because each search for them looks at all.
        """
        silent = [each for each in self._connections if each is not self and each.dispensable]
        strangers = [each for each in silent if not each.known]
        few = max(1, self.limits.connections // PART_OF_ALL) if strangers else 1
        for each in heapq.nsmallest(few, strangers or silent, key=lambda one: float(one.since)):
            each.cut("made_room")
        if not silent:
            self.refuse(Busy("All connections are at work; please try again.", retry_after=FULL_FOR), "full")


def bounded(limits: ConnectionLimits) -> type[Connection]:
    """The class of connections with these limits, as ``uvicorn.Config`` takes it."""
    return type("Connection", (Connection,), {"limits": limits})


def _problem(refusal: Refusal, date: list[tuple[bytes, bytes]]) -> bytes:
    answer = refused(refusal)
    answer.headers[correlation.HEADER] = correlation.correlation_id.get() or ""
    answer.headers["Connection"] = "close"
    headers = [b"%b: %b\r\n" % header for header in (*date, *answer.raw_headers, *GUARDS)]
    return b"".join([STATUS_LINE[answer.status_code], *headers, b"\r\n", answer.body])


class _Exchange(RequestResponseCycle):
    """One request and its answer: uvicorn's, which knows whether the request was read to its end."""

    def __init__(
        self, connection: Connection, wire: _Wire, scope: dict[str, Any], head: Head, *, more: bool
    ) -> None:
        super().__init__(
            scope=scope,  # type: ignore[arg-type]  # uvicorn's type of it is a private one
            transport=wire,
            flow=connection.flow,
            logger=log,
            access_logger=log,
            access_log=False,  # figures tell about requests; lines tell about refusals and failures
            default_headers=connection.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=head.waits,
            keep_alive=head.keeps_open and not connection.stopping,
            on_response=connection.answered,
        )
        self._wire = wire
        self.take(b"", more=more)

    def take(self, part: bytes, *, more: bool) -> None:
        """A part of the request's body; the first one tells only whether there will be more."""
        self.body += part
        self.more_body = more
        if part or not more:
            self.message_event.set()

    def client_left(self) -> None:
        """Nobody is there any more; the application hears of it where it asks."""
        if not self.response_complete:
            self.disconnected = True
        self.message_event.set()

    async def send(self, message: ASGISendEvent) -> None:
        """ASGI; an answer to half a request says that it is the last one."""
        if not self.response_started:
            if self.more_body:
                self.keep_alive = False
            if self.scope["method"] != "HEAD":
                self._wire.hold()
        await super().send(message)


class _Wire(asyncio.Transport):
    """The transport as uvicorn sees it: it closes so that the client comes to read the last answer.

    Closing while the client still sends makes the kernel reset the connection, and most clients then throw
    the answer away. So our half is closed, and what comes is read and thrown away for a while.
    """

    def __init__(self, inner: asyncio.Transport, connection: Connection) -> None:
        super().__init__()
        self._inner = inner
        self._connection = connection
        self._held: bytearray | None = None
        self._closing = False
        self._draining = False
        self._drained = 0
        self._due: asyncio.TimerHandle | None = None

    def hold(self) -> None:
        """What is written next leaves with what is written then: a head with its body, by one system call."""
        self._held = bytearray()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._held is not None:
            if not self._held:
                self._held += data
                return
            data, self._held = self._held + data, None
        if data and not self._closing:
            self._inner.write(data)

    def is_closing(self) -> bool:
        return self._closing or self._inner.is_closing()

    def close(self) -> None:
        if self._closing:
            return
        self.write(b"")
        parser = self._connection.parser
        unread = parser.in_body or parser.unread or self._connection.flow.read_paused
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
        self._connection.forget_request()
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
