"""What one request, one connection and all connections of a process may take.

    serve_api(app, host, port, settings.connections)

Every number is for one process. ``docs/operations.md`` says what each is for, ADR 0025 why there are these.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.http.limits import BodyLimits

Seconds = Annotated[float, Field(gt=0, le=3600)]


@dataclass(frozen=True)
class ConnectionLimits:
    """The limits of connections and heads; the settings ``HTTP_…`` that are not about bodies."""

    connections: int = 500  # open at once
    head_bytes: int = 16_384  # of request line and headers
    head_lines: int = 100  # of them
    head_seconds: float = 10.0  # from a connection's start, or a head's first byte, to the head's end
    idle_seconds: int = 30  # between two requests
    chunks: int = 10_000  # of one body
    answer_seconds: float = 30.0  # in which nothing of an answer was taken by the client
    drain_bytes: int = 32_000_000  # read and thrown away behind a refusal
    drain_seconds: float = 30.0


USUAL = ConnectionLimits()
USUAL_BODIES = BodyLimits()


class HttpSettings(BaseSettings):
    """The settings that begin with ``HTTP_``."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True)

    http_connections: int = Field(
        default=USUAL.connections, ge=10, le=100_000, description="how many connections may be open at once"
    )
    http_head_bytes: int = Field(
        default=USUAL.head_bytes,
        ge=1024,
        le=1_000_000,
        description="the most bytes of a request line and its headers; more is answered with 431",
    )
    http_head_lines: int = Field(
        default=USUAL.head_lines, ge=10, le=10_000, description="the most lines of the same; 431 too"
    )
    http_head_seconds: Seconds = Field(
        default=USUAL.head_seconds, description="seconds within which a head has to be whole; 408 otherwise"
    )
    http_idle_seconds: int = Field(
        default=USUAL.idle_seconds,
        ge=1,
        le=3600,
        description="seconds that a connection stays open between two requests",
    )
    http_body_bytes: int = Field(
        default=USUAL_BODIES.largest,
        ge=10_000,
        le=100_000_000,
        description="the most bytes of a body; more is answered with 413",
    )
    http_body_seconds: Seconds = Field(
        default=USUAL_BODIES.seconds, description="seconds within which a body has to be whole; 408 otherwise"
    )
    http_body_chunks: int = Field(
        default=USUAL.chunks, ge=100, le=10_000_000, description="the most chunks of a body; 400 otherwise"
    )
    http_bodies_bytes: int = Field(
        default=USUAL_BODIES.together,
        ge=1_000_000,
        description="the most bytes of all unfinished bodies; a large one more is answered with 503",
    )
    http_answer_seconds: Seconds = Field(
        default=USUAL.answer_seconds,
        description="seconds after which a client that takes nothing of its answer is cut off",
    )
    http_drain_bytes: int = Field(
        default=USUAL.drain_bytes,
        ge=0,
        description="the most bytes thrown away behind a refusal, so that the client comes to read it",
    )
    http_drain_seconds: Seconds = Field(
        default=USUAL.drain_seconds, description="the most seconds for the same"
    )

    @property
    def connections(self) -> ConnectionLimits:
        """The limits of connections and heads."""
        return ConnectionLimits(
            connections=self.http_connections,
            head_bytes=self.http_head_bytes,
            head_lines=self.http_head_lines,
            head_seconds=self.http_head_seconds,
            idle_seconds=self.http_idle_seconds,
            chunks=self.http_body_chunks,
            answer_seconds=self.http_answer_seconds,
            drain_bytes=self.http_drain_bytes,
            drain_seconds=self.http_drain_seconds,
        )

    @property
    def bodies(self) -> BodyLimits:
        """The limits of bodies."""
        return BodyLimits(self.http_body_bytes, self.http_body_seconds, self.http_bodies_bytes)
