"""Lists: ``limit``, an opaque ``cursor`` that names the last item seen, and ``next_cursor``.

A cursor is the sort key of an item, never an offset: a list stays stable while items are added.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

import orjson
from pydantic import Field

from shared.http.requests import RequestModel
from shared.kernel.errors import Invalid

Item = TypeVar("Item")
SortKey = tuple[str | int, ...]

_KINDS: dict[str, type] = {"s": str, "i": int}


class BadCursor(Invalid):
    """A cursor that this list never answered."""

    code = "bad_cursor"
    title = "Not a cursor of this list"


class Paging(RequestModel):
    """Every list's query; subclass it to add filters, and take it as ``Annotated[…, Query()]``."""

    limit: Annotated[int, Field(ge=1, le=200, description="How many items a page has at most.")] = 50
    cursor: Annotated[
        str | None,
        Field(
            max_length=1000, description="`next_cursor` of the page before; leave it out for the first page."
        ),
    ] = None

    def after(self, kinds: str) -> SortKey | None:
        """The key after which the page begins; ``None`` for the first page.

        :param kinds: the key's types in order, ``s`` for text and ``i`` for a number: ``"ss"``.
        :raises BadCursor: not a cursor of such a list.
        """
        return None if self.cursor is None else decode(self.cursor, kinds)

    def after_instant(self) -> tuple[datetime, UUID] | None:
        """The instant and the id after which the page begins, where a list is sorted by these two.

        :raises BadCursor: not a cursor of such a list.
        """
        key = self.after("ss")
        if key is None:
            return None
        try:
            place = datetime.fromisoformat(str(key[0])), UUID(str(key[1]))
        except ValueError:
            raise BadCursor("Use next_cursor as it was answered.") from None
        if place[0].tzinfo is None:
            raise BadCursor("Use next_cursor as it was answered.")
        return place


def encode(key: SortKey) -> str:
    """The opaque form of a key."""
    return base64.urlsafe_b64encode(orjson.dumps(key)).rstrip(b"=").decode()


def decode(cursor: str, kinds: str) -> SortKey:
    """The key that a cursor stands for.

    :raises BadCursor: it stands for none of this form.
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        key = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise BadCursor("Use next_cursor as it was answered.") from error
    if not isinstance(key, list) or [type(part) for part in key] != [_KINDS[kind] for kind in kinds]:
        raise BadCursor("Use next_cursor as it was answered.")
    if any("\0" in part for part in key if isinstance(part, str)):
        raise BadCursor("Use next_cursor as it was answered.")
    return tuple(key)


def page(
    rows: Sequence[Item], limit: int, key: Callable[[Item], SortKey]
) -> tuple[Sequence[Item], str | None]:
    """The rows of a page, and the cursor of the next one; ``None`` on the last.

    :param rows: up to ``limit + 1`` of them: the one too many tells that there are more.
    :param key: a row's sort key, which has to be unique.
    """
    shown = rows[:limit]
    return shown, encode(key(shown[-1])) if len(rows) > limit else None
