"""Examples in the document: exchanges of the tests, recorded by ``make openapi`` beside the description.

They stand in the package, so that the served document and the kept one are the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from shared.http.problem import MEDIA_TYPE

Document = dict[str, Any]  # Any: as JSON has it


def embed(made: Document, path: Path) -> None:
    """Put the examples of a file into the operations that they are of."""
    if not path.exists():  # before the first recording
        return
    for key, known in json.loads(path.read_text("utf-8")).items():
        method, _, address = key.partition(" ")
        operation = made["paths"].get(address, {}).get(method.lower())
        if operation is not None:
            _embed(operation, known)


def _embed(operation: Document, known: Document) -> None:
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if "request" in known:
            content["example"] = known["request"]
    for status, body in known["answers"].items():
        for media_type, content in operation["responses"].get(status, {}).get("content", {}).items():
            if media_type == MEDIA_TYPE:
                content["examples"] = {problem["code"]: {"value": problem} for problem in body}
            else:
                content["example"] = body
