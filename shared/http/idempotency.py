"""``Idempotency-Key``: the same request again gets the first answer again.

The answer is rendered before the save and stored in the transaction of the events, so there is never one
without the other. Nothing is looked up on the way in: a key that was used before shows itself as a collision
of the receipt, or as a refusal (the act was done already), and only then the kept answer is looked for.

A kept answer is no right: it is given only to whom the act would be allowed now, and as they may see it now.
So the use case judges role and scope before everything else, and a route says by ``again`` what of the kept
answer may be seen.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Generic, Protocol, TypeVar
from urllib.parse import parse_qsl

import orjson
from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from shared.http.answers import Answer
from shared.http.api_secret import ApiSecret
from shared.http.auth import authenticated
from shared.http.body import replayed
from shared.http.problem import MalformedRequest
from shared.kernel.actor import Actor
from shared.kernel.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from shared.kernel.store import Receipt, ReceiptExists, ReceiptFor
from shared.observability.redaction import redact

T = TypeVar("T")
R = TypeVar("R")

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"

_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_BOUNDARY = re.compile(rb'boundary="?([^";,]+)')
_KEYED = b"\x01"
"""How a fingerprint begins that is keyed; one of before is a bare SHA-256 without it."""


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


@dataclass(frozen=True)
class KeptAnswer:
    """The first answer, as a route looks at it before it is given again."""

    receipt: Receipt

    @cached_property
    def content(self) -> Any:  # noqa: ANN401 - whatever the route answered then
        """Its body, parsed."""
        return orjson.loads(self.receipt.body)

    def answer(self, content: object | None = None) -> Answer[Any]:
        """The first answer again.

        :param content: what is answered in place of the kept body; left out: that itself.
        """
        encoded = self.receipt.body if content is None else orjson.dumps(content)
        headers = {**self.receipt.headers, REPLAYED: "true"}
        return Answer(self.receipt.status, None, headers, encoded=encoded)


Again = Callable[[KeptAnswer], Awaitable[Answer[Any]]]
"""What a route says of a kept answer: as the caller may see it now; raises ``NotFound`` if not at all."""


class Prints:
    """What makes two requests the same: the mark of this one, to be kept or compared with a kept one.

    :param kept: the fingerprint that a receipt keeps: keyed, so that nobody can try out what it was made of.
    :param before: makes the fingerprint that receipts of before keep.
    """

    def __init__(self, kept: bytes, before: Callable[[], bytes]) -> None:
        self.kept = kept
        self._before = before

    def are_of(self, receipt: Receipt) -> bool:
        """Whether the receipt is of the same request; those of before are judged as they were made."""
        if receipt.fingerprint.startswith(_KEYED) and len(receipt.fingerprint) == len(self.kept):
            return hmac.compare_digest(receipt.fingerprint, self.kept)
        return hmac.compare_digest(receipt.fingerprint, self._before())


class Once:
    """One request's promise to act once: ``return await once(render, act, again)``.

    :param caller: who asks; a route that takes ``OnceOnly`` need not take ``Caller`` too.
    :param key: the key as receipts keep it, or ``None`` where the caller sent none.
    :param prints: of the request; ``None`` without a key.
    """

    def __init__(self, receipts: Receipts, caller: Actor, key: str | None, prints: Prints | None) -> None:
        self.caller = caller
        self._receipts = receipts
        self._key = key
        self._prints = prints

    async def __call__(
        self,
        render: Callable[[T], Awaitable[Answer[R]]],
        act: Callable[[ReceiptFor | None], Awaitable[T]],
        again: Again,
    ) -> Answer[R]:
        """Act, or answer as the first time.

        :param render: makes the answer of what was (or is about to be) saved.
        :param act: does it; hands its argument on to the store as ``receipt``. It judges the caller's role
            and scope before it refuses anything else: by that, a kept answer is theirs or not.
        :param again: makes the answer of a kept one.
        :raises KeyReused: the key was used before with another method, path or body.
        :raises Forbidden, NotFound: the caller may not ask this now, whatever was answered before.
        """
        if self._key is None or self._prints is None:
            return await render(await act(None))
        kept = _Kept(self, render)
        try:
            result = await act(kept)
        except (Forbidden, NotFound):
            raise
        except (Refusal, ReceiptExists) as refusal:
            first = await self._first(refusal)
            try:
                return await again(first)
            except NotFound:
                if isinstance(refusal, Refusal):  # as if the key had never been used
                    raise refusal from None
                raise
        if kept.answer is None:  # nothing was saved, so there was nothing to keep
            return await render(result)
        return kept.answer

    def receipt(self, answer: Answer[Any]) -> Receipt:
        """The answer, as it is kept."""
        return Receipt(
            caller=self.caller.sub,
            key=self._key or "",
            fingerprint=self._prints.kept if self._prints else b"",
            status=answer.status_code,
            headers=dict(answer.own_headers),
            body=bytes(answer.body if answer.to_keep is None else answer.to_keep),
        )

    async def _first(self, refusal: Refusal | ReceiptExists) -> KeptAnswer:
        first = await self._receipts.find_receipt(self.caller.sub, self._key or "")
        if first is None:
            if isinstance(refusal, Refusal):
                raise refusal
            raise Conflict("The same request is being answered; please try again.", retry_after=1)
        if self._prints is None or not self._prints.are_of(first):
            raise KeyReused("Use a new Idempotency-Key for a new request.")
        return KeptAnswer(first)


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
    receipts: Receipts = request.app.state.receipts
    sent = request.headers.getlist("idempotency-key")
    if not sent:
        return Once(receipts, caller, None, None)
    if len(sent) > 1:
        raise BadIdempotencyKey("Send one Idempotency-Key.")
    (key,) = sent
    if not _KEY.fullmatch(key):
        raise BadIdempotencyKey("Idempotency-Key takes 1 to 255 visible ASCII characters.")
    secret: ApiSecret = request.app.state.secret
    kept_as = await _kept_as(key, caller, secret, receipts)
    made = _KEYED + secret.mark("request", *await meaning(request))
    return Once(receipts, caller, kept_as, Prints(made, lambda: _fingerprint_of_before(request)))


async def meaning(request: Request) -> tuple[bytes, ...]:
    """What a request means, in parts: method, path, query and body, not the frame in which bytes carry it.

    JSON means its values: blanks and the order of an object's properties say nothing. A form means the name,
    the file name, the type and the content of each part in order: the boundary says nothing, and a new one is
    drawn for each try. A query means its parameters; between different names the order says nothing.
    """
    query = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    query.sort(key=lambda pair: pair[0])
    asked = (request.method.encode(), request.scope["path"].encode(), orjson.dumps(query))
    body: bytes = request.scope.get("stairs.body", b"")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not body:
        return (*asked, b"nothing")
    if media_type == "multipart/form-data":
        return (*asked, b"form", *[part async for part in _parts_of_form(request, body)])
    return (*asked, b"json", _plain_json(body))


def _plain_json(body: bytes) -> bytes:
    """JSON without its frame; nested deeper than the writer goes, it is taken as it came."""
    try:
        return orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return body


async def _parts_of_form(request: Request, body: bytes) -> AsyncIterator[bytes]:
    # a request of its own: the route reads the same body afterwards, and files of a form have to be closed
    apart = Request(request.scope, replayed(body, request.receive))
    async with apart.form() as form:
        for name, value in form.multi_items():
            yield name.encode()
            if isinstance(value, UploadFile):
                yield b"file"
                yield (value.filename or "").encode()
                yield (value.content_type or "").strip().lower().encode()
                yield await value.read()
            else:
                yield b"text"
                yield value.encode()


async def _kept_as(key: str, caller: Actor, secret: ApiSecret, receipts: Receipts) -> str:
    """The key as receipts keep it: a mark in place of one that may hold an SSID, which is stored nowhere.

    Before marks were keyed, such a key was kept as a bare digest: where there is a receipt under it, it holds
    until it is pruned, or the act would be done a second time.
    """
    if redact(key) == key:
        return key
    before = hashlib.sha256(f"{caller.sub}\0{key}".encode()).hexdigest()
    if await receipts.find_receipt(caller.sub, before) is not None:
        return before
    return secret.mark("key", caller.sub.encode(), key.encode()).hex()


def _fingerprint_of_before(request: Request) -> bytes:
    """A fingerprint as it was made until November 2026: of bytes without their boundary, unkeyed."""
    body: bytes = request.scope.get("stairs.body", b"")
    boundary = _BOUNDARY.search(request.headers.get("content-type", "").encode("latin-1"))
    if boundary:
        body = body.replace(boundary[1], b"")
    path: bytes = request.scope.get("raw_path") or request.url.path.encode()
    whole = (request.method.encode(), path, request.scope.get("query_string", b""), body)
    return hashlib.sha256(b"\0".join(whole)).digest()


async def unchanged(kept: KeptAnswer) -> Answer[Any]:
    """``again`` of an answer in which whoever may act may see everything."""
    return kept.answer()


OnceOnly = Annotated[Once, Depends(once_only)]
"""A route's parameter: acts once per ``Idempotency-Key``."""
