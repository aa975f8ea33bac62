"""``Idempotency-Key``: the same request again gets the first answer again.

The answer is rendered before the save and stored in the transaction of the events, so there is never one
without the other. Nothing is looked up on the way in: a key that was used before shows itself as a collision
of the receipt, or as a refusal (the act was done already), and only then the kept answer is looked for.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Generic, Protocol, TypeVar

from fastapi import Depends, Request

from shared.http.answers import Answer
from shared.http.auth import authenticated
from shared.http.problem import MalformedRequest
from shared.kernel.actor import Actor
from shared.kernel.errors import Conflict, Invalid, Refusal
from shared.kernel.store import Receipt, ReceiptExists, ReceiptFor
from shared.observability.redaction import redact

T = TypeVar("T")
R = TypeVar("R")

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_BOUNDARY = re.compile(rb'boundary="?([^";,]+)')


class BadIdempotencyKey(MalformedRequest):
    """A key that is too long, empty, not plain ASCII, or one of several."""

    code = "bad_idempotency_key"


class KeyReused(Invalid):
    """The key belongs to another request."""

    code = "idempotency_key_reused"
    title = "This idempotency key was used for another request"


class Receipts(Protocol):
    """Where kept answers are found; the event store is one."""

    async def find_receipt(self, caller: str, key: str) -> Receipt | None:
        """The answer that this caller got under this key."""
        ...


class Once:
    """One request's promise to act once: ``return await once(render, act)``.

    :param caller: who asks; a route that takes ``OnceOnly`` need not take ``Caller`` too.
    :param key: the ``Idempotency-Key``, or ``None`` where the caller sent none.
    """

    def __init__(self, receipts: Receipts, caller: Actor, key: str | None, fingerprint: bytes) -> None:
        self.caller = caller
        self._receipts = receipts
        self._key = key
        self._fingerprint = fingerprint

    async def __call__(
        self,
        render: Callable[[T], Awaitable[Answer[R]]],
        act: Callable[[ReceiptFor | None], Awaitable[T]],
    ) -> Answer[R]:
        """Act, or answer as the first time.

        :param render: makes the answer of what was (or is about to be) saved.
        :param act: does it; hands its argument on to the store as ``receipt``.
        :raises KeyReused: the key was used before with another method, path or body.
        """
        if self._key is None:
            return await render(await act(None))
        kept = _Kept(self, render)
        try:
            result = await act(kept)
        except (Refusal, ReceiptExists) as refusal:
            return await self._as_the_first_time(refusal)
        if kept.answer is None:  # nothing was saved, so there was nothing to keep
            return await render(result)
        return kept.answer

    def receipt(self, answer: Answer[Any]) -> Receipt:
        """The answer, as it is kept."""
        return Receipt(
            caller=self.caller.sub,
            key=self._stored_key,
            fingerprint=self._fingerprint,
            status=answer.status_code,
            headers=dict(answer.own_headers),
            body=bytes(answer.body),
        )

    @property
    def _stored_key(self) -> str:
        """The key; a digest in place of one that may hold an SSID, which is stored nowhere in plain."""
        key = self._key or ""
        return key if redact(key) == key else hashlib.sha256(f"{self.caller.sub}\0{key}".encode()).hexdigest()

    async def _as_the_first_time(self, refusal: Refusal | ReceiptExists) -> Answer[Any]:
        first = await self._receipts.find_receipt(self.caller.sub, self._stored_key)
        if first is None:
            if isinstance(refusal, Refusal):
                raise refusal
            raise Conflict("The same request is being answered; please try again.", retry_after=1)
        if first.fingerprint != self._fingerprint:
            raise KeyReused("Use a new Idempotency-Key for a new request.")
        return Answer(first.status, None, {**first.headers, REPLAYED: "true"}, encoded=first.body)


class _Kept(Generic[R]):
    """Renders the answer of what is about to be saved, and remembers the last (a save may be retried)."""

    def __init__(self, once: Once, render: Callable[[Any], Awaitable[Answer[R]]]) -> None:
        self._once = once
        self._render = render
        self.answer: Answer[R] | None = None

    async def __call__(self, result: Any) -> Receipt:  # noqa: ANN401 - whatever the use case saves
        self.answer = await self._render(result)
        return self._once.receipt(self.answer)


async def once_only(request: Request) -> Once:
    """This request's ``Once``.

    :raises BadIdempotencyKey: the header is there and is no key.
    """
    caller = await authenticated(request)
    sent = request.headers.getlist("idempotency-key")
    if len(sent) > 1:
        raise BadIdempotencyKey("Send one Idempotency-Key.")
    key = sent[0] if sent else None
    if key is not None and not _KEY.fullmatch(key):
        raise BadIdempotencyKey("Idempotency-Key takes 1 to 255 visible ASCII characters.")
    digest = b"" if key is None else fingerprint(request)
    return Once(request.app.state.receipts, caller, key, digest)


def fingerprint(request: Request) -> bytes:
    """What makes two requests the same: method, path with query, and the body byte by byte.

    A form's boundary is left out: clients draw a new one for each try.
    """
    body: bytes = request.scope.get("stairs.body", b"")
    boundary = _BOUNDARY.search(request.headers.get("content-type", "").encode("latin-1"))
    if boundary:
        body = body.replace(boundary[1], b"")
    path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    whole = (request.method.encode(), path, request.scope.get("query_string", b""), body)
    return hashlib.sha256(b"\0".join(whole)).digest()


OnceOnly = Annotated[Once, Depends(once_only)]
"""A route's parameter: acts once per ``Idempotency-Key``."""
