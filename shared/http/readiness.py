"""Whether this process can do its work now, and if not, why; and what it is behind with."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema

from shared.http.resources import Resource
from shared.observability.lags import Figure, Lags

Check = Callable[[], Awaitable[str | None]]
"""Answers ``None``, or in a few words why not (no address, no secret)."""

PATIENCE = 2.0  # seconds for one check


AnyFigure = Annotated[Figure, WithJsonSchema({})]
"""A figure, told as any value: generators make no class of a union of a number and an object."""


class LivenessResource(Resource):
    """That the process runs."""

    status: Annotated[Literal["alive"], Field(description="Always `alive`.")]


class ReadinessResource(Resource):
    """Whether the process can do its work, and what it is behind with."""

    status: Annotated[Literal["ready", "unready"], Field(description="`unready` is answered with 503.")]
    reasons: Annotated[
        dict[str, str],
        Field(description="What is wrong, in words, by the name of the check; empty if ready."),
    ]
    lags: Annotated[
        dict[str, AnyFigure],
        Field(
            description="Present figures by the name of the metric: a number, or numbers by label. Absent "
            "where the process measures none."
        ),
    ] = {}  # noqa: RUF012 - pydantic's default, copied where it is used


class Readiness:
    """Named checks, all asked at once; a check may be added once its subject is built."""

    def __init__(self, **checks: Check) -> None:
        self._checks: dict[str, Check] = dict(checks)
        self._lags: Lags | None = None

    def require(self, name: str, check: Check) -> None:
        """From now on this has to be fine too."""
        self._checks[name] = check

    def show(self, lags: Lags) -> None:
        """From now on these are told too; over their limit, if they have one, they are reasons."""
        self._lags = lags

    async def reasons(self) -> dict[str, str]:
        """What is not fine, by name; empty means ready."""
        names = list(self._checks)
        found = await asyncio.gather(self.measured(), *(_ask(self._checks[name]) for name in names))
        reasons = {name: reason for name, reason in zip(names, found[1:], strict=True) if reason is not None}
        return {**reasons, **self._lags.reasons()} if self._lags else reasons

    async def measured(self) -> None:
        """Bring the lags up to date, before somebody reads the figures."""
        if self._lags is not None:
            await self._lags.measure()

    async def answer(self, **more: str) -> tuple[int, dict[str, object]]:
        """Status and body of ``/readyz``.

        :param more: reasons of the asker's own, by name.
        """
        reasons = {**await self.reasons(), **more}
        body: dict[str, object] = {"status": "unready" if reasons else "ready", "reasons": reasons}
        if self._lags is not None:
            body["lags"] = self._lags.figures()
        return (503 if reasons else 200), body


async def _ask(check: Check) -> str | None:
    try:
        async with asyncio.timeout(PATIENCE):
            return await check()
    except TimeoutError:
        return f"no answer within {PATIENCE:g} s"
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the reason; its words may hold an address
        return type(error).__name__
