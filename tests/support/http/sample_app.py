"""A tiny service on the chassis: notices with a version. Its desk keeps everything in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID, uuid4

import httpx
from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response, UploadFile
from pydantic import Field

from shared.http.answers import Answer, created, etag, ok
from shared.http.app import build_app
from shared.http.auth import Authenticator, Caller, require
from shared.http.idempotency import KeptAnswer, OnceOnly, unchanged
from shared.http.instants import Day, Instant
from shared.http.limits import BodyLimits
from shared.http.paging import Cursors, Paging, cursors_of
from shared.http.preconditions import IfMatch
from shared.http.readiness import Readiness
from shared.http.requests import Count, Flag, Line, RequestModel, Text
from shared.http.resources import Cursor, Resource
from shared.http.shares import ShareLimits
from shared.kernel.actor import Role
from shared.kernel.errors import Conflict, Issue, NotFound, Stale
from shared.kernel.store import Receipt, ReceiptExists, ReceiptFor
from shared.kernel.trail import Trail
from shared.observability.correlation import present
from tests.support.http.tokens import SECRET, authenticator


class Color(StrEnum):
    RED = "red"
    GREEN = "green"


class Pupil(RequestModel):
    name: Line
    seat: Count


class Circle(RequestModel):
    kind: Literal["circle"]
    radius: float


class Square(RequestModel):
    kind: Literal["square"]
    side: float


class NoticeBody(RequestModel):
    text: Line
    happened_at: Instant
    color: Color = Color.RED
    pages: Count = 1
    urgent: Flag = False
    remark: Text | None = None
    on: Day | None = None
    owner: UUID | None = None
    grade: Annotated[str, Field(pattern="^(0[3-8]|11)$")] | None = None
    shape: Annotated[Circle | Square, Field(discriminator="kind")] | None = None
    even: Annotated[int, Field(multiple_of=2)] = 0
    pupils: list[Pupil] = Field(default_factory=list)
    details: dict[str, object] = Field(default_factory=dict)


NoticeCursors = Annotated[Cursors, Depends(cursors_of("notices"))]


class NoticeQuery(Paging):
    color: Color | None = None


@dataclass
class Notice:
    id: UUID
    text: str
    happened_at: datetime
    version: int = 1
    withdrawn: bool = False


class AlreadyWithdrawn(Conflict):
    code = "already_withdrawn"
    title = "Withdrawn before"


class Desk:
    """Use cases and store in one."""

    def __init__(self) -> None:
        self.notices: dict[UUID, Notice] = {}
        self.receipts: dict[tuple[str, str], Receipt] = {}
        self.saves = 0
        self.trails: list[Trail | None] = []  # of what was pinned

    async def find_receipt(self, caller: str, key: str) -> Receipt | None:
        return self.receipts.get((caller, key))

    async def pin(self, body: NoticeBody, receipt: ReceiptFor | None) -> Notice:
        notice = Notice(uuid4(), body.text, body.happened_at)
        self.trails.append(present())
        await self._save(notice, receipt)
        return notice

    async def withdraw(self, notice_id: UUID, expected: int | None, receipt: ReceiptFor | None) -> Notice:
        notice = self.find(notice_id)
        if expected not in (None, notice.version):
            raise Stale(f"The present version is {notice.version}.")
        if notice.withdrawn:
            raise AlreadyWithdrawn("This notice was withdrawn before.", issues=[Issue("", "x", "y")])
        after = Notice(notice.id, notice.text, notice.happened_at, notice.version + 1, withdrawn=True)
        await self._save(after, receipt)
        return after

    def find(self, notice_id: UUID) -> Notice:
        if notice_id not in self.notices:
            raise NotFound("No such notice.")
        return self.notices[notice_id]

    async def seen_now(self, kept: KeptAnswer) -> Answer[NoticeResource]:
        notice = self.find(UUID(kept.content["id"]))
        return kept.answer({**kept.content, "text": notice.text})

    async def _save(self, notice: Notice, receipt: ReceiptFor | None) -> None:
        kept = await receipt(notice) if receipt else None
        if kept is not None:
            if (kept.caller, kept.key) in self.receipts:
                raise ReceiptExists
            self.receipts[kept.caller, kept.key] = kept
        self.notices[notice.id] = notice
        self.saves += 1


class NoticeResource(Resource):
    id: UUID
    text: str
    happened_at: datetime
    version: int

    @classmethod
    def of(cls, notice: Notice) -> NoticeResource:
        return cls.model_construct(
            id=notice.id, text=notice.text, happened_at=notice.happened_at, version=notice.version
        )


class NoticePage(Resource):
    items: list[NoticeResource]
    next_cursor: Cursor


class UploadResource(Resource):
    size: int


async def _pinned(notice: Notice) -> Answer[NoticeResource]:
    location = f"/v1/notices/{notice.id}"
    return created(NoticeResource.of(notice), location=location, version=notice.version)


async def _changed(notice: Notice) -> Answer[NoticeResource]:
    return ok(NoticeResource.of(notice), version=notice.version)


def routes(desk: Desk) -> APIRouter:
    router = APIRouter(prefix="/v1/notices")

    @router.post("", status_code=201)
    async def pin(body: NoticeBody, _caller: Caller, once: OnceOnly) -> Answer[NoticeResource]:
        return await once(_pinned, lambda receipt: desk.pin(body, receipt), desk.seen_now)

    @router.get("")
    async def search(
        asked: Annotated[NoticeQuery, Query()], _caller: Caller, cursors: NoticeCursors
    ) -> Answer[NoticePage]:
        after = cursors.after(asked, "s")
        rows: Sequence[Notice] = [
            notice
            for notice in sorted(desk.notices.values(), key=lambda n: n.text)
            if after is None or notice.text > str(after[0])
        ]
        found, following = cursors.page(rows[: asked.limit + 1], asked.limit, lambda notice: (notice.text,))
        items = [NoticeResource.of(notice) for notice in found]
        return ok(NoticePage.model_construct(items=items, next_cursor=following))

    @router.get("/{notice_id}")
    async def show(notice_id: UUID, _caller: Caller) -> Answer[NoticeResource]:
        return await _changed(desk.find(notice_id))

    @router.post("/{notice_id}/withdraw")
    async def withdraw(
        notice_id: UUID, caller: Caller, expected: IfMatch, once: OnceOnly
    ) -> Answer[NoticeResource]:
        require(caller, Role.LEA_COORDINATOR, Role.SITE_COORDINATOR)
        return await once(_changed, lambda receipt: desk.withdraw(notice_id, expected, receipt), unchanged)

    @router.post("/{notice_id}/upload")
    async def upload(
        notice_id: UUID, file: UploadFile, _caller: Caller, once: OnceOnly
    ) -> Answer[UploadResource]:
        size = len(await file.read())

        async def render(notice: Notice) -> Answer[UploadResource]:
            return Answer(200, UploadResource.model_construct(size=size), {"ETag": etag(notice.version)})

        return await once(render, lambda receipt: desk.withdraw(notice_id, None, receipt), unchanged)

    @router.post("/break")
    async def fall_over(request: Request) -> Response:
        raise RuntimeError(f"it broke over {(await request.body()).decode()}")

    return router


def sample_app(
    desk: Desk,
    auth: Authenticator | None = None,
    readiness: Readiness | None = None,
    limits: BodyLimits | None = None,
    shares: ShareLimits | None = None,
) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield

    app = build_app(
        title="Sample",
        version="1",
        lifespan=lifespan,
        routers=[routes(desk)],
        auth=auth or authenticator(),
        readiness=readiness or Readiness(),
        limits=limits,
        shares=shares,
    )
    app.state.receipts, app.state.secret = desk, SECRET  # httpx' transport runs no lifespan
    return app


def client(app: FastAPI) -> httpx.AsyncClient:
    """A client that calls the application directly, without a socket."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False), base_url="http://sample"
    )
