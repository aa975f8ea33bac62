"""What a service says about its API beside its routes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from shared.kernel.errors import Refusal


@dataclass(frozen=True)
class Operation:
    """One operation of an API.

    :param id: its name in generated clients, the same for ever; unique in the service.
    :param summary: what it does, in a few words without a full stop.
    :param text: what a caller has to know to use it.
    :param refuses: the refusals of the service that it may answer; those of the chassis (tokens, bodies,
        preconditions, the store) are added from the route's own parameters.
    :param etag: whether a success carries the resource's version.
    :param location: whether a 201 says where the new resource is.
    """

    id: str
    summary: str
    text: str
    refuses: tuple[type[Refusal], ...] = ()
    etag: bool = False
    location: bool = False


@dataclass(frozen=True)
class Description:
    """One API.

    :param name: the service's name.
    :param port: where it listens if nothing else is set.
    :param text: what the API is for, in Markdown.
    :param tags: the groups of its operations, each with what they have in common.
    :param operations: by method and address: ``POST /v1/incidents``.
    :param examples: the file of examples that were taken from tests; ``None`` for none.
    """

    name: str
    port: int
    text: str
    tags: Mapping[str, str]
    operations: Mapping[str, Operation]
    examples: Path | None = None
