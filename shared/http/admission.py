"""What is judged before a route runs: first who calls, then whether it is over their share, then the body.

A request without a token that is believed costs its head, and nothing more: its body is never read here.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from contextlib import AbstractAsyncContextManager, nullcontext

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.http.auth import Bearer, authenticated
from shared.http.body import BodyReader, checked, is_form, replayed, there_is_one
from shared.http.idempotency import once_only
from shared.http.shares import SHARE, Share, Shares, out_of_turn


class Admission:
    """ASGI around one route: the framework would read the body first, and ask who calls afterwards.

    :param takes_token: whether the route is for known callers.
    :param takes_body: whether a body matters: to the route, or to an idempotency key's fingerprint.
    :param in_turn: whether a caller's requests of this kind wait for each other.
    """

    def __init__(
        self,
        app: ASGIApp,
        reader: BodyReader,
        shares: Shares,
        *,
        takes_token: bool,
        takes_body: bool,
        in_turn: bool = True,
    ) -> None:
        self._app = app
        self._reader = reader
        self._shares = shares
        self.takes_token = takes_token
        self._takes_body = takes_body
        self._in_turn = in_turn

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        share = None
        if self.takes_token:
            share = scope[SHARE] = self._shares.of(await authenticated(Request(scope)))
            share.admit()
        if not (self._takes_body and there_is_one(scope["headers"])):
            async with self._turn(share):
                await self._app(scope, receive, send)
        elif share is None:
            await self._with_body(scope, receive, send)
        else:
            upload = is_form(scope["headers"])
            share.begin(upload=upload)
            try:
                await self._with_body(scope, receive, send, share)
            finally:
                share.end(upload=upload)

    async def _with_body(
        self, scope: Scope, receive: Receive, send: Send, share: Share | None = None
    ) -> None:
        async with self._reader.reading(scope["headers"], receive) as received:
            if share is not None:
                share.carried(len(received.content))
            # a turn begins when all of the request is there, so that none is for a slow client
            async with self._turn(share):
                body = scope["stairs.body"] = checked(received)
                await self._app(scope, replayed(body, receive), send)

    def _turn(self, share: Share | None) -> AbstractAsyncContextManager[None]:
        return share.turn() if share is not None and self._in_turn else nullcontext()


def admitting(routes: Iterable[BaseRoute], reader: BodyReader, shares: Shares) -> Iterator[BaseRoute]:
    """The same routes behind their admission; copies, because a router belongs to no single application."""
    for route in routes:
        admitted = copy.copy(route)
        if isinstance(admitted, APIRoute):
            asked = [each.call for each in admitted.dependant.dependencies]
            keyed = once_only in asked
            admitted.app = Admission(
                admitted.app,
                reader,
                shares,
                takes_token=keyed or any(isinstance(each, Bearer) for each in asked),
                takes_body=keyed or admitted.body_field is not None,
                in_turn=out_of_turn not in asked,
            )
        yield admitted
