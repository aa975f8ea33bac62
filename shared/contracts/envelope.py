"""CloudEvents 1.0, as this system publishes and consumes them (contract §6)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict


class Published(BaseModel):
    """The data of one published event. Consumers ignore fields that they do not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    TYPE: ClassVar[str]  # the ``ce_type``; its major version is part of it

    incident_id: UUID  # the case: the partition key of every topic

    @property
    def key(self) -> str:
        """The partition key: order is kept per case."""
        return str(self.incident_id)


class Person(BaseModel):
    """Somebody who acted, as their token named them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sub: str
    name: str
    email: str
    role: str


@dataclass(frozen=True)
class CloudEvent:
    """One published fact in its envelope.

    ``id`` is the stored event's identity, ``<originator_id>.<originator_version>``: the same fact published
    again carries the same id. ``sequence`` is its position in the producer's store.
    """

    id: str
    source: str  # "/incidents", "/appeals", "/notifications"
    type: str
    time: datetime  # when it happened in the world, not when it was published
    subject: str  # the aggregate's id
    key: str  # the case's id
    sequence: int
    data: dict[str, Any]
    traceparent: str | None = None
