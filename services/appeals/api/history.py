"""The history of an appeal, as it is answered (contract §4)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from services.appeals.application.ports import RecordedFact
from shared.http.resources import Resource
from shared.kernel.actor import Role

_ENVELOPE = frozenset(
    {"originator_id", "originator_version", "originator_topic", "timestamp", "actor", "occurred_at", "about"}
)


class Who(Resource):
    """Who caused a fact."""

    sub: Annotated[str, Field(description="The `sub` of the person's token.")]
    name: Annotated[str, Field(description="The person's name, from the token.")]
    role: Annotated[Role, Field(description="The role in which the person acted.")]


class HistoryItem(Resource):
    """One thing that happened: what, who, when in the world, and when it was recorded."""

    what: Annotated[str, Field(description="What happened, such as `requested` or `approved`.")]
    who: Annotated[Who, Field(description="Who caused it.")]
    occurred_at: Annotated[datetime, Field(description="When it happened.")]
    recorded_at: Annotated[datetime, Field(description="When it was recorded.")]
    version: Annotated[int, Field(ge=1, description="The version of the appeal after it.")]
    data: Annotated[dict[str, Any], Field(description="What is known of it; the fields depend on `what`.")]

    @classmethod
    def of(cls, recorded: RecordedFact) -> HistoryItem:
        """A fact of an appeal, without what all facts have in common."""
        # any fact of an appeal; each has its own fields
        fact: Any = recorded.fact
        actor = fact.actor
        return cls.model_construct(
            what=fact.TOPIC.rpartition(".")[2],
            who=Who.model_construct(sub=actor["sub"], name=actor["name"], role=actor["role"]),
            occurred_at=fact.occurred_at,
            recorded_at=fact.timestamp,
            version=fact.originator_version,
            data={name: value for name, value in vars(fact).items() if name not in _ENVELOPE},
        )


class History(Resource):
    """Every fact of an appeal."""

    items: Annotated[list[HistoryItem], Field(description="The facts, oldest first.")]

    @classmethod
    def of(cls, facts: Sequence[RecordedFact]) -> History:
        """The facts as they were recorded."""
        return cls.model_construct(items=[HistoryItem.of(fact) for fact in facts])
