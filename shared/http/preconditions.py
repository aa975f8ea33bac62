"""``If-Match`` and the version that a caller decided on."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Request

from shared.http.problem import MalformedRequest

_TAG = re.compile(r'(?:W/)?"([\x21\x23-\x7e]*)"')
_VERSION = re.compile(r"[0-9]{1,9}")

NO_VERSION = -1
"""What an entity tag names that was never ours: no resource is ever at it, so whoever sees one is refused."""


class MalformedPrecondition(MalformedRequest):
    """An ``If-Match`` that is no entity tag, or one of several."""

    code = "malformed_precondition"


async def if_match(request: Request) -> int | None:
    """The version that the caller expects; ``None`` where any will do (no header, or ``*``).

    A weak tag counts like a strong one: proxies that compress weaken our tags, and the version in it is
    exact all the same.

    A tag that was never ours is a version like others that are not the present one: it is refused by the use
    case, once it is known that the caller sees the resource.

    :raises MalformedPrecondition: not one entity tag (``"7"``).
    """
    given = request.headers.getlist("if-match")
    if len(given) > 1:
        raise MalformedPrecondition("Send one If-Match.")
    sent = given[0] if given else None
    if sent is None or sent.strip() == "*":
        return None
    tag = _TAG.fullmatch(sent.strip())
    if tag is None:
        raise MalformedPrecondition('If-Match takes one entity tag as it was answered, such as "7", or *.')
    return int(tag[1]) if _VERSION.fullmatch(tag[1]) else NO_VERSION


IfMatch = Annotated[int | None, Depends(if_match)]
"""A route's parameter: the expected version, or ``None``."""
