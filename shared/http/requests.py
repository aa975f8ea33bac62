"""How requests are modelled: nothing unknown, nothing coerced from a wrong type.

class FileIncident(RequestModel):
    occurred_at: Instant
    student_count: Count
    narrative: Line
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints

INT64: dict[str, JsonValue] = {"format": "int64"}
"""``json_schema_extra`` of a whole number that needs more than 32 bits: clients choose their type by it."""


class RequestModel(BaseModel):
    """A body or a query: unknown properties are refused, and what came is not changed afterwards.

    Whole numbers and flags are written ``Count``/``Flag``: JSON's ``"3"`` is no number here.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=20_000)


Text = Annotated[str, StringConstraints(strict=True)]
"""Text as it came."""

Line = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1)]
"""Text that says something: blanks around it are dropped, and blank alone is refused."""

Count = Annotated[int, Field(strict=True, ge=0, le=999_999_999)]
"""A whole number as JSON writes it."""

Flag = Annotated[bool, Field(strict=True)]
"""``true`` or ``false``, nothing that looks like them."""
