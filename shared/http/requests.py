"""How requests are modelled: nothing unknown, nothing coerced from a wrong type, no NUL.

class FileIncident(RequestModel):
    occurred_at: Instant
    student_count: Count
    narrative: Line
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError


class RequestModel(BaseModel):
    """A body or a query: unknown properties are refused, and what came is not changed afterwards.

    Whole numbers and flags are written ``Count``/``Flag``: JSON's ``"3"`` is no number here.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=20_000)


def _without_nul(text: str) -> str:
    if "\0" in text:
        raise PydanticCustomError("forbidden_character", "The character NUL is not allowed.")
    return text


Text = Annotated[str, StringConstraints(strict=True), AfterValidator(_without_nul)]
"""Text as it came (PostgreSQL keeps no NUL, so we refuse it at the door)."""

Line = Annotated[
    str,
    StringConstraints(strict=True, strip_whitespace=True, min_length=1),
    AfterValidator(_without_nul),
]
"""Text that says something: blanks around it are dropped, and blank alone is refused."""

Count = Annotated[int, Field(strict=True, ge=0, le=2**31 - 1)]
"""A whole number as JSON writes it."""

Flag = Annotated[bool, Field(strict=True)]
"""``true`` or ``false``, nothing that looks like them."""
