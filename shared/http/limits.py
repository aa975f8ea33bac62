"""How much of a request's body is taken, and for how long it is waited for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BodyLimits:
    """The limits of bodies; the settings ``HTTP_BODY_…`` and ``HTTP_BODIES_BYTES``."""

    largest: int = 1_000_000  # bytes of one body, an upload of 500 SSIDs included
    seconds: float = 30.0  # from the end of the head to the end of the body
    together: int = 32_000_000  # bytes of all bodies that have begun and are not answered yet
