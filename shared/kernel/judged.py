"""Values that prove that a rule was judged, so that no later step judges it again."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from eventsourcing.domain import Aggregate


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A value that only its rule may make, with ``judged=True``."""

    judged: bool = field(default=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse a value that nobody judged: a defect of ours, not a refusal of the caller's."""
        if not self.judged:
            raise TypeError(f"a {type(self).__name__} is handed out by the rule that it stands for")


@dataclass(frozen=True, kw_only=True)
class JudgedOn(Judged):
    """A judgement about one version of one aggregate."""

    aggregate_id: UUID
    version: int

    def on(self: J, aggregate: Aggregate) -> J:
        """The judgement, provided that it is about this aggregate as it is now.

        :raises ValueError: it is about another one, or about an older version: a defect of ours, too.
        """
        if (self.aggregate_id, self.version) != (aggregate.id, aggregate.version):
            about = f"{self.aggregate_id} in version {self.version}"
            raise ValueError(
                f"this {type(self).__name__} is about {about}, not about {aggregate.id}"
                f" in version {aggregate.version}"
            )
        return self


J = TypeVar("J", bound=JudgedOn)
