"""Lists: ``limit``, an opaque ``cursor`` that names the last item seen, and ``next_cursor``.

A cursor is the sort key of an item, never an offset: a list stays stable while items are added. It is marked
with the API's secret, and is taken only by the list that answered it, from the caller whom it was answered.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

import orjson
from fastapi import Request
from pydantic import Field

from shared.http.api_secret import ApiSecret
from shared.http.auth import authenticated
from shared.http.requests import RequestModel
from shared.kernel.actor import Actor
from shared.kernel.errors import Invalid

Item = TypeVar("Item")
SortKey = tuple[str | int, ...]

MARK = 16  # bytes of a mark that a cursor carries: nobody guesses one of 2^128

_KINDS: dict[str, type] = {"s": str, "i": int}


class BadCursor(Invalid):
    """A cursor that this list never answered to this caller."""

    code = "bad_cursor"
    title = "Not a cursor of this list"

    def __init__(self, detail: str = "Use next_cursor as this list answered it to you.") -> None:
        super().__init__(detail)


class Paging(RequestModel):
    """Every list's query; subclass it to add filters, and take it as ``Annotated[…, Query()]``."""

    limit: Annotated[int, Field(ge=1, le=200, description="How many items a page has at most.")] = 50
    cursor: Annotated[
        str | None,
        Field(
            max_length=1000,
            description="`next_cursor` of the page before; leave it out for the first page. It holds for "
            "this list and this caller only.",
        ),
    ] = None


class Cursors:
    """The cursors of one list for one caller.

    :param of_list: the list's name; lists that are asked in two ways have one.
    """

    def __init__(self, secret: ApiSecret, of_list: str, caller: Actor) -> None:
        self._secret = secret
        place = (of_list, caller.sub, caller.role.value, caller.lea or "", caller.school or "")
        self._place = tuple(part.encode() for part in place)

    def after(self, asked: Paging, kinds: str) -> SortKey | None:
        """The key after which the page begins; ``None`` for the first page.

        :param kinds: the key's types in order, ``s`` for text and ``i`` for a number: ``"ss"``.
        :raises BadCursor: not a cursor of this list and this caller.
        """
        return None if asked.cursor is None else self.opened(asked.cursor, kinds)

    def after_instant(self, asked: Paging) -> tuple[datetime, UUID] | None:
        """The instant and the id after which the page begins, where a list is sorted by these two.

        :raises BadCursor: not a cursor of this list and this caller.
        """
        key = self.after(asked, "ss")
        if key is None:
            return None
        try:
            return datetime.fromisoformat(str(key[0])), UUID(str(key[1]))
        except ValueError:
            raise BadCursor from None

    def page(
        self, rows: Sequence[Item], limit: int, key: Callable[[Item], SortKey]
    ) -> tuple[Sequence[Item], str | None]:
        """The rows of a page, and the cursor of the next one; ``None`` on the last.

        :param rows: up to ``limit + 1`` of them: the one too many tells that there are more.
        :param key: a row's sort key, which has to be unique.
        """
        shown = rows[:limit]
        return shown, self.sealed(key(shown[-1])) if len(rows) > limit else None

    def sealed(self, key: SortKey) -> str:
        """The opaque form of a key."""
        plain = orjson.dumps(key)
        return base64.urlsafe_b64encode(self._mark(plain) + plain).rstrip(b"=").decode()

    def opened(self, cursor: str, kinds: str) -> SortKey:
        """The key that a cursor stands for.

        :raises BadCursor: it stands for none of this list and this caller, or for one of another form.
        """
        try:
            padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
            whole = base64.b64decode(padded, altchars=b"-_", validate=True)
        except (ValueError, binascii.Error):
            raise BadCursor from None
        mark, plain = whole[:MARK], whole[MARK:]
        if not hmac.compare_digest(mark, self._mark(plain)):
            raise BadCursor
        # ours from here on; an older version's may have another form
        key = orjson.loads(plain)
        if [type(part) for part in key] != [_KINDS[kind] for kind in kinds]:
            raise BadCursor
        return tuple(key)

    def _mark(self, plain: bytes) -> bytes:
        return self._secret.mark("cursor", *self._place, plain)[:MARK]


def cursors_of(name: str) -> Callable[[Request], Awaitable[Cursors]]:
    """The dependency behind a list's cursors: ``Annotated[Cursors, Depends(cursors_of("cases"))]``."""

    async def cursors(request: Request) -> Cursors:
        return Cursors(request.app.state.secret, name, await authenticated(request))

    return cursors
