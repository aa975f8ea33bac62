"""One caller's share, and one LEA's: requests, bytes, what is in flight, and the mails that acts cause.

    share = shares.of(caller)          # what this request uses is noted there
    share.admit()                      # raises OverShare; the answer then says when to come again
    @router.post("/notes", dependencies=[mailing()])

A share that is used up frees itself evenly (the generic cell rate algorithm): one number for each caller, no
window at whose edge twice as much passes, a few microseconds for each request. All is kept in memory: what
one process has seen, by the machine's clock and never by the sandbox's movable one. Requests and bytes of the
role ``system`` are not counted: it is the services themselves, which follow each other's feeds.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import orjson
from fastapi import Depends, Request

from shared.kernel.actor import Actor, Role
from shared.kernel.errors import RateLimited
from shared.observability.metrics import counter

SHARE = "stairs.share"
"""Where a request's scope keeps the ``Share`` of its caller."""

MINUTE, HOUR = 60, 3600  # seconds
MOST_KNOWN = 20_000  # callers of whom something is remembered; whoever was quiet longest is forgotten first
REQUESTS, BYTES, MAILS, URGENT_MAILS = range(4)
LONGEST_TURN = 0.25  # seconds in which a request is worked on before the next one of its caller is
IN_A_MOMENT = 1  # seconds; a guess, for when something that is in flight has come to its end
CDS_OF_LEA = 7  # digits

TOLD = {
    "caller": "You have sent more requests than one caller may in a minute; go on a little later.",
    "lea": "Your LEA has sent more requests than one may in a minute; go on a little later.",
    "caller-bytes": "You have sent and read more bytes than one caller may in a minute; go on later.",
    "lea-bytes": "Your LEA has sent and read more bytes than one may in a minute; go on later.",
    "caller-mails": "You have caused more mails than one caller may in an hour; go on later.",
    "lea-mails": "Your LEA has caused more mails than one may in an hour; go on later.",
    "caller-urgent-mails": "You have filed or told more than one caller may in an hour; go on later.",
    "lea-urgent-mails": "Your LEA has filed and told more than one may in an hour; go on later.",
}
"""What is said to a caller, by the share that is used up."""
STILL_ANSWERED = "Your earlier requests are still being answered; send this one again."

Headers = Sequence[tuple[bytes, bytes]]

_ROUNDING = 1e-6  # sums of fractions are not exact


@dataclass(frozen=True)
class ShareLimits:
    """The settings ``SHARE_…``. Bytes are those of bodies and of answers."""

    requests_per_caller: int = 3_000  # a minute
    requests_per_lea: int = 12_000
    bytes_per_caller: int = 60_000_000  # a minute
    bytes_per_lea: int = 240_000_000
    bodies_per_caller: int = 50  # in flight: from the head to the answer
    bodies_per_lea: int = 200
    uploads_per_caller: int = 4  # of these, forms with files
    uploads_per_lea: int = 20
    at_work_per_caller: int = 2  # requests that are worked on at once; the others wait for their turn
    mails_per_caller: int = 5_000  # an hour
    mails_per_lea: int = 20_000


class OverShare(RateLimited):
    """More than one caller's share, or one LEA's, of requests, bytes, bodies in flight or mails."""


class Quota:
    """The size of one share: so much in so many seconds; it may be used at once, and frees itself evenly.

    :param name: of the policy, as the header ``RateLimit`` tells it.
    :param unit: of the quota; requests where nothing is said.
    """

    def __init__(self, name: str, quota: int, seconds: int, unit: str = "") -> None:
        self.name, self.seconds = name, seconds
        self.policy = f'"{name}";q={quota};w={seconds}' + (f';qu="{unit}"' if unit else "")
        self.each = seconds / quota  # seconds after which one unit is free again
        self.most = quota

    def left(self, used: float) -> bytes:
        """The header ``RateLimit`` of somebody who uses so many seconds' worth."""
        left = max(int((self.seconds - used) / self.each + _ROUNDING), 0)
        return b'"%s";r=%d;t=%d' % (self.name.encode(), left, math.ceil(used))


class Turns:
    """Places for the requests of one caller that are worked on; the others wait, first come first served.

    A place is given up after ``LONGEST_TURN``: a request that takes longer waits for something else than the
    processor, as for a database that is away, and others need not wait for that behind it.
    """

    def __init__(self, places: int) -> None:
        self._free = asyncio.Semaphore(places)

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """While a request is worked on."""
        await self._free.acquire()
        held = [self._free]

        def give_up() -> None:
            while held:
                held.pop().release()

        late = asyncio.get_running_loop().call_later(LONGEST_TURN, give_up)
        try:
            yield
        finally:
            late.cancel()
            give_up()


class Used:
    """What one caller (or one LEA) uses of each share."""

    __slots__ = ("free_at", "in_flight", "turns")

    def __init__(self, at_work: int) -> None:
        self.free_at = [0.0] * 4  # by share: when nothing of it is in use any more
        self.in_flight = [0, 0]  # bodies, and those of them that are uploads
        self.turns = Turns(at_work)


class Known:
    """Whose use is remembered: callers, or LEAs.

    :param at_work: how many requests of each are worked on at once.
    """

    def __init__(self, quotas: Sequence[Quota], most_in_flight: tuple[int, int], at_work: int) -> None:
        self.quotas, self.most_in_flight, self._at_work = quotas, most_in_flight, at_work
        self._used: OrderedDict[str, Used] = OrderedDict()

    def of(self, who: str) -> Used:
        """What this one uses."""
        used = self._used.get(who)
        if used is None:
            used = self._used[who] = Used(self._at_work)
            if len(self._used) > MOST_KNOWN:
                self._used.popitem(last=False)
        else:
            self._used.move_to_end(who)
        return used

    def __len__(self) -> int:
        """How many they are."""
        return len(self._used)


class Shares:
    """The shares of all callers of one API.

    :param now: seconds by a clock that never goes back.
    """

    def __init__(self, limits: ShareLimits | None = None, now: Callable[[], float] = time.monotonic) -> None:
        told = limits or ShareLimits()
        self.now = now
        self.callers = Known(
            (
                Quota("caller", told.requests_per_caller, MINUTE),
                Quota("caller-bytes", told.bytes_per_caller, MINUTE, "content-bytes"),
                Quota("caller-mails", told.mails_per_caller, HOUR),
                Quota("caller-urgent-mails", told.mails_per_caller, HOUR),
            ),
            (told.bodies_per_caller, told.uploads_per_caller),
            told.at_work_per_caller,
        )
        self.leas = Known(
            (
                Quota("lea", told.requests_per_lea, MINUTE),
                Quota("lea-bytes", told.bytes_per_lea, MINUTE, "content-bytes"),
                Quota("lea-mails", told.mails_per_lea, HOUR),
                Quota("lea-urgent-mails", told.mails_per_lea, HOUR),
            ),
            (told.bodies_per_lea, told.uploads_per_lea),
            told.bodies_per_lea,
        )
        self.policy = ", ".join(each.policy for each in (*self.callers.quotas, *self.leas.quotas)).encode()
        self.refused = counter(
            "shares_refused", "Requests that were more than the share of a caller or an LEA.", ("share",)
        )

    def of(self, caller: Actor) -> Share:
        """The share of one caller, for one request."""
        return Share(self, caller)


class Share:
    """What one request uses of the shares of its caller and its caller's LEA."""

    __slots__ = ("_bounded", "_parts", "_refusing", "_shares")

    def __init__(self, shares: Shares, caller: Actor) -> None:
        self._shares = shares
        self._bounded = caller.role is not Role.SYSTEM
        own = (shares.callers, shares.callers.of(caller.sub))
        lea = caller.lea or (caller.school or "")[:CDS_OF_LEA]
        # the state's own people have no LEA
        self._parts = (own, (shares.leas, shares.leas.of(lea))) if lea else (own,)
        self._refusing: tuple[Quota, float] | None = None  # and how much of it was in use

    def admit(self) -> None:
        """Count this request.

        :raises OverShare: there is no room for it.
        """
        if self._bounded:
            now = self._shares.now()
            self._require(BYTES, 1, now)
            self._require(REQUESTS, 1, now)
            self._use(REQUESTS, 1, now)

    def carried(self, size: int) -> None:
        """Count bytes of a body or an answer; the next request waits for what is more than the share."""
        if self._bounded:
            self._use(BYTES, size, self._shares.now())

    def mail(self, mails: int, *, urgent: bool = False) -> None:
        """Count mails that the act may cause.

        :param urgent: those that nothing may hold back (N1, N7, N8): they have a share of their own, which
            no others use up.
        :raises OverShare: there is no room for them.
        """
        kind, now = URGENT_MAILS if urgent else MAILS, self._shares.now()
        self._require(kind, mails, now)
        self._use(kind, mails, now)

    def begin(self, *, upload: bool) -> None:
        """A body of this request is under way.

        :param upload: whether it is a form.
        :raises OverShare: too many are.
        """
        for known, used in self._parts:
            bodies, uploads = used.in_flight
            if bodies >= known.most_in_flight[0] or (upload and uploads >= known.most_in_flight[1]):
                self._shares.refused.labels("uploads" if upload else "bodies").inc()
                raise OverShare(STILL_ANSWERED, retry_after=IN_A_MOMENT)
        self._count(1, upload=upload)

    def end(self, *, upload: bool) -> None:
        """It is answered."""
        self._count(-1, upload=upload)

    def turn(self) -> AbstractAsyncContextManager[None]:
        """While this request is worked on; where enough of its caller are, it waits behind those before it.

        All requests are worked on by one processor, in turn. So somebody who sends many at once, or large
        ones, waits for themselves, and not everybody else for them.
        """
        return self._parts[0][1].turns.one() if self._bounded else nullcontext()

    def headers(self) -> Headers:
        """``RateLimit`` of the share that is nearest to its end or refuses; ``RateLimit-Policy`` of all.

        As in draft-ietf-httpapi-ratelimit-headers: what is left, and in how many seconds all of it is free.
        """
        if not self._bounded:
            return ()
        nearest, used = self._refusing or self._nearest(self._shares.now())
        return ((b"ratelimit", nearest.left(used)), (b"ratelimit-policy", self._shares.policy))

    def _nearest(self, now: float) -> tuple[Quota, float]:
        nearest, free_at = self._shares.callers.quotas[REQUESTS], now
        for known, used in self._parts:
            for kind in (REQUESTS, BYTES):
                if used.free_at[kind] > free_at:  # all of them are of the same period
                    nearest, free_at = known.quotas[kind], used.free_at[kind]
        return nearest, free_at - now

    def _require(self, kind: int, amount: int, now: float) -> None:
        for known, used in self._parts:
            quota, in_use = known.quotas[kind], used.free_at[kind] - now
            if in_use <= 0:  # so that an act that is more than the whole share can be done at all
                continue
            wait = min(in_use + amount * quota.each - quota.seconds, in_use)
            if wait > _ROUNDING:
                self._refusing = (quota, in_use)
                self._shares.refused.labels(quota.name).inc()
                raise OverShare(TOLD[quota.name], retry_after=math.ceil(wait))

    def _use(self, kind: int, amount: int, now: float) -> None:
        for known, used in self._parts:
            free_at = used.free_at[kind]
            used.free_at[kind] = (free_at if free_at > now else now) + amount * known.quotas[kind].each

    def _count(self, change: int, *, upload: bool) -> None:
        for _, used in self._parts:
            used.in_flight[0] += change
            used.in_flight[1] += change if upload else 0


async def out_of_turn() -> None:
    """A dependency of a route that waits for something else than the processor: a file's reader, or news."""


def mailing(each_of: str | None = None, *, urgent: bool = False) -> Any:  # noqa: ANN401 - as FastAPI types its dependencies
    """A dependency of a route whose act may cause mails: one, or one for each item of a list of the body.

    :param each_of: the name of that list.
    :param urgent: see ``Share.mail``.
    """

    async def count(request: Request) -> None:
        share: Share = request.scope[SHARE]
        share.mail(_items(request.scope.get("stairs.body", b""), each_of), urgent=urgent)

    return Depends(count)


def _items(body: bytes, name: str | None) -> int:
    if name is None:
        return 1
    said = orjson.loads(body) if body else None
    items = said.get(name) if isinstance(said, dict) else None
    return max(len(items), 1) if isinstance(items, list) else 1
