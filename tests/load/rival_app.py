"""What our filing is measured against: a POST that does nothing, and an honest CRUD endpoint.

The CRUD endpoint has the same chassis, token and request model as ours, and stores one row by SQLAlchemy's
async ORM, as most services of this kind are written. Started as a process: see `filing.py`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import sqlalchemy as sa
import uvicorn
from fastapi import APIRouter, FastAPI, Request, Response
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from services.incidents.api.schemas import CaseBody
from shared.http.answers import created
from shared.http.app import build_app
from shared.http.auth import Authenticator, Caller
from shared.http.readiness import Readiness
from shared.persistence.engine import async_engine
from shared.process.http_connection import bounded
from shared.process.http_settings import USUAL
from shared.process.share_settings import ShareSettings

POOL = 16  # connections; more of them only queue on two cores

router = APIRouter()


class Base(DeclarativeBase):
    """The ORM's register."""


class CrudCase(Base):
    """A case as a row that would be overwritten."""

    __tablename__ = "crud_cases"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4)
    incident_type: Mapped[str]
    school: Mapped[str] = mapped_column(index=True)
    status: Mapped[str]
    created_by: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(sa.DateTime(timezone=True))
    body: Mapped[dict[str, object]] = mapped_column(JSONB)


@router.post("/crud/incidents", status_code=201)
async def crud(body: CaseBody, caller: Caller, request: Request) -> Response:
    sessions: async_sessionmaker[AsyncSession] = request.app.state.sessions
    stated = body.model_dump(mode="json")
    async with sessions() as session:
        row = CrudCase(
            incident_type=stated["incident_type"],
            school=stated["school"],
            status="draft",
            created_by=caller.sub,
            created_at=datetime.now(UTC),
            body=stated,
        )
        session.add(row)
        await session.commit()
    answer = {**stated, "id": row.id, "status": row.status, "created_at": row.created_at}
    return created(answer, location=f"/crud/incidents/{row.id}", version=1)


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    engine = async_engine(os.environ["INCIDENTS_DATABASE_URL"], size=POOL)
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    app.state.sessions = async_sessionmaker(engine, expire_on_commit=False)
    app.state.receipts = None
    yield
    await engine.dispose()


def crud_app() -> FastAPI:
    told = os.environ
    auth = Authenticator(told["AUTH_ISSUER"], told["AUTH_AUDIENCE"], told["AUTH_JWKS_URL"])
    return build_app(
        title="rivals",
        version="1",
        lifespan=lifespan,
        routers=[router],
        auth=auth,
        readiness=Readiness(),
        shares=ShareSettings().shares,
    )


def noop_app() -> FastAPI:
    app = FastAPI(telemetry={"tracing": False, "metrics": False, "logs": False})

    @app.post("/noop/incidents", status_code=201)
    async def noop(body: CaseBody) -> dict[str, str]:
        return {"school": body.school}

    return app


def main() -> None:
    build, port = sys.argv[1], int(sys.argv[2])
    app = crud_app() if build == "crud" else noop_app()
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http=bounded(USUAL),  # the same server as ours
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
