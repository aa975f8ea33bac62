"""The OpenAPI document of a service: what FastAPI derives from the routes, and what it cannot know.

A service describes its operations in ``api/description.py``; ``describe`` makes the
application tell it all.
"""

from __future__ import annotations

from shared.http.openapi.description import Description, Operation
from shared.http.openapi.document import ISSUE, PROBLEM, describe

__all__ = ["ISSUE", "PROBLEM", "Description", "Operation", "describe"]
