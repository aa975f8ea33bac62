"""One row of a service's permission table: an act, the roles that may, and who says so.

Each service keeps its rows in ``domain/permissions.py``, where its guards read them; ``docs/permissions.md``
is generated from the same rows (``make permissions``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.kernel.actor import Actor, Role


@dataclass(frozen=True)
class Permission:
    """Who may do one thing."""

    act: str  # in words, for the table
    roles: frozenset[Role]
    refusal: str  # what everybody else is told
    source: str
    limits: Mapping[Role, str] = field(default_factory=dict)  # what else has to hold, by role; for the table

    def is_given_to(self, actor: Actor) -> bool:
        """Whether the caller's role is among those that may."""
        return actor.role in self.roles
