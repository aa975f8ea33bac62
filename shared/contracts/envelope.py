"""CloudEvents 1.0, as this system publishes and consumes them (contract §6)."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, field_validator

from shared.kernel.ssid import REMOVED, without_ssids


class Published(BaseModel):
    """The data of one published event. Consumers ignore fields that they do not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    TYPE: ClassVar[str]  # the ``ce_type``; its major version is part of it

    @property
    @abstractmethod
    def key(self) -> str:
        """The partition key: order is kept among events of one key."""


class AboutCase(Published):
    """What is published of a case: its id is the key, so that order is kept per case."""

    incident_id: UUID

    @property
    def key(self) -> str:
        """The case's id."""
        return str(self.incident_id)


class Person(BaseModel):
    """Somebody who acted, as their token named them; without what events of before may hold of SSIDs."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    sub: str
    name: str
    email: str
    role: str

    @field_validator("name")
    @classmethod
    def _without_ssids(cls, name: str) -> str:
        return without_ssids(name, REMOVED)


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
    key: str  # the case's id; of what belongs to no case, what it is about (a CDS code)
    sequence: int
    data: dict[str, Any]
    traceparent: str | None = None  # W3C's, as the request that caused it brought it
    correlation_id: str | None = None  # extension ``correlationid``: the same in all that one request caused
    recorded_at: datetime | None = (
        None  # CloudEvents' extension ``recordedtime``: when the producer stored it
    )
