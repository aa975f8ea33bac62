"""What the generated OpenAPI document would not know: problems, idempotency keys, preconditions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from shared.http.auth import SCHEME
from shared.http.idempotency import HEADER, once_only
from shared.http.preconditions import if_match
from shared.http.problem import MEDIA_TYPE

Document = dict[str, Any]

PROBLEM: Document = {
    "type": "object",
    "description": "RFC 9457. `code` is stable; `detail` is for people and may change.",
    "required": ["type", "title", "status", "detail", "code", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
        "instance": {"type": "string", "description": "The correlation id, by which logs are found."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "JSON Pointer into the body, or query:name.",
                    },
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}
IDEMPOTENCY_KEY: Document = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "The same key and body again: the first answer again, with Idempotency-Replayed: true.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
IF_MATCH: Document = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The ETag that the decision rests on; 412 version_conflict when it is no longer true.",
    "schema": {"type": "string", "examples": ['"7"']},
}
BEARER: Document = {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
REFUSED: Document = {
    "description": "Refused, and why.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
TROUBLE: Document = {**REFUSED, "description": "Not now (503, with Retry-After), or a fault of ours (500)."}


def describe(app: FastAPI) -> None:
    """Make ``app.openapi()`` tell everything."""

    def document() -> Document:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, routes=app.routes)
            _complete(made, app)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def _complete(made: Document, app: FastAPI) -> None:
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = PROBLEM
    made["components"].setdefault("securitySchemes", {})[SCHEME] = BEARER
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    for operation, dependant in _operations(made, app):
        if "description" in operation:  # better words than the function's name
            operation["summary"] = operation["description"].partition("\n")[0].removesuffix(".")
        operation["responses"].pop("422", None)
        operation["responses"].update({"4XX": REFUSED, "5XX": TROUBLE})
        asked = {asked.call for asked in dependant.dependencies}
        parameters = operation.setdefault("parameters", [])
        if once_only in asked:
            parameters.append(IDEMPOTENCY_KEY)
            operation["security"] = [{SCHEME: []}]
        if if_match in asked:
            parameters.append(IF_MATCH)


def _operations(made: Document, app: FastAPI) -> Iterator[tuple[Document, Dependant]]:
    for route in iter_route_contexts(app.routes):
        described = made["paths"].get(route.path_format, {})
        for method in route.methods or ():
            if method.lower() in described and hasattr(route, "dependant"):
                yield described[method.lower()], route.dependant
