"""What the generated OpenAPI document would not know: problems, keys, preconditions, headers, words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts

from shared.http.auth import SCHEME
from shared.http.idempotency import HEADER, REPLAYED, once_only
from shared.http.openapi.description import Description, Operation
from shared.http.openapi.examples import embed
from shared.http.openapi.refusals import RATE_LIMITS, before_any_operation, of_the_chassis
from shared.http.openapi.refusals import answers as refusals
from shared.http.openapi.schemas import REF, tidy
from shared.http.openapi.wording import plain, sentence
from shared.http.preconditions import if_match
from shared.observability import correlation
from shared.persistence.pruning import RECEIPTS_ARE_KEPT

Document = dict[str, Any]

PROBLEM: Document = {
    "type": "object",
    "description": "Why a request was refused (RFC 9457). Programs go by `code`; `detail` is for people.",
    "required": ["type", "title", "status", "detail", "code", "instance"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri",
            "description": "Identifies the code; it leads to no page.",
        },
        "title": {"type": "string", "description": "The code in a few words, the same every time."},
        "status": {"type": "integer", "format": "int32", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What was wrong this time, and what to do instead."},
        "code": {
            "type": "string",
            "pattern": "^[a-z][a-z0-9_]*$",
            "description": "Stable. Each operation lists its codes; more may come, so go by the status too.",
        },
        "instance": {"type": "string", "description": "The correlation id, by which logs are found."},
        "errors": {
            "type": "array",
            "description": "What is wrong where; at most 50 of them.",
            "items": {"$ref": "#/components/schemas/ProblemIssue"},
        },
    },
}
ISSUE: Document = {
    "type": "object",
    "description": "One thing that is wrong at one place.",
    "required": ["pointer", "code", "detail"],
    "properties": {
        "pointer": {
            "type": "string",
            "description": "JSON Pointer into the body, or `query:` and the name of a parameter.",
        },
        "code": {"type": "string", "description": "Stable: what is wrong."},
        "detail": {"type": "string", "description": "The same in words."},
    },
}
IDEMPOTENCY_KEY: Document = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": "Yours, new for each act. The same key and request again: the first answer again, as you "
    "may see it now; 403 or 404 if you may not ask any more. Answers are kept for "
    f"{RECEIPTS_ARE_KEPT.days} days; after that the key counts as new.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255},
}
IF_MATCH: Document = {
    "name": "If-Match",
    "in": "header",
    "required": False,
    "description": "The `ETag` that the caller decided on; 412 where the resource changed since.",
    "schema": {"type": "string"},
    "example": '"7"',
}
CORRELATION: Document = {
    "description": "The id by which the logs tell of this request; yours, where you sent one.",
    "schema": {"type": "string"},
    "example": "7d0c9f5e-3a14-4c0e-9a57-2f1f6f0c8b21",
}
ETAG: Document = {
    "description": "The version of the resource, for `If-Match`.",
    "schema": {"type": "string"},
    "example": '"7"',
}
LOCATION: Document = {
    "description": "The address of the new resource.",
    "schema": {"type": "string", "format": "uri-reference"},
}
REPLAY: Document = {
    "description": "`true` where this is the first answer again, given under the same `Idempotency-Key`.",
    "schema": {"type": "string", "enum": ["true"]},
}
BEARER: Document = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "A token of the configured issuer; its claims name the caller, the role and the place.",
}
CONTACT: Document = {"name": "The maintainers of STAIRS"}
LICENSE: Document = {"name": "Apache License 2.0", "identifier": "Apache-2.0"}
NOTHING = Description(name="api", port=8000, text="An API of STAIRS.", tags={}, operations={})
FOR_THE_FIRST_TIME = "The same, put for the first time."
NO_CONTENT = "Done; there is nothing to answer."


def describe(app: FastAPI, description: Description | None = None) -> None:
    """Make ``app.openapi()`` tell everything."""
    app.state.description = description

    def document() -> Document:
        if app.openapi_schema is None:
            made = get_openapi(title=app.title, version=app.version, routes=app.routes)
            _complete(made, app, description or NOTHING)
            app.openapi_schema = made
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # FastAPI's documented way to extend the document


def _complete(made: Document, app: FastAPI, description: Description) -> None:
    _about(made, description)
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    made["components"]["securitySchemes"] = {SCHEME: BEARER}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    operations = list(_operations(made, app))
    for key, operation, dependant in operations:
        _complete_operation(operation, dependant, description.operations.get(key))
    tidy(schemas, (parameter for _, operation, _ in operations for parameter in operation["parameters"]))
    schemas.update(Problem=PROBLEM, ProblemIssue=ISSUE)
    for _, operation, _ in operations:
        _rename_form(operation, schemas)
        _tell_answers(operation, schemas)
    used = {tag for _, operation, _ in operations for tag in operation.get("tags", ())}
    made["tags"] = [
        {"name": name, "description": text} for name, text in description.tags.items() if name in used
    ]
    if description.examples is not None:
        embed(made, description.examples)


def _about(made: Document, description: Description) -> None:
    text = f"{description.text}\n\n{before_any_operation()}"
    made["info"].update(description=text, contact=CONTACT, license=LICENSE)
    made["servers"] = [
        {
            "url": "http://{host}:{port}",
            "description": "The service by itself; behind a proxy its address is another.",
            "variables": {
                "host": {"default": "localhost", "description": "The machine that it runs on."},
                "port": {"default": str(description.port), "description": "The port that it listens on."},
            },
        }
    ]


def _complete_operation(operation: Document, dependant: Dependant, known: Operation | None) -> None:
    asked = {asked.call for asked in dependant.dependencies}
    parameters = operation.setdefault("parameters", [])
    if once_only in asked:
        parameters.append(IDEMPOTENCY_KEY)
        operation["security"] = [{SCHEME: []}]
    if if_match in asked:
        parameters.append(IF_MATCH)
    operation.setdefault("security", [])
    operation["responses"].pop("422", None)
    _name(operation, known)
    if known is not None and known.location and "200" in operation["responses"]:
        operation["responses"]["201"] = {**operation["responses"]["200"], "description": FOR_THE_FIRST_TIME}
    keyed, conditional = once_only in asked, if_match in asked
    for status, answer in operation["responses"].items():
        answer["headers"] = _headers(status, known, keyed=keyed)
        if operation["security"]:
            answer["headers"] |= RATE_LIMITS
    ours = known.refuses if known is not None else ()
    kinds = (*ours, *of_the_chassis(operation, keyed=keyed, conditional=conditional))
    for status, answer in refusals(kinds).items():
        answer.setdefault("headers", {})[correlation.HEADER] = CORRELATION
        # a probe's own 503 is its answer, no refusal
        operation["responses"].setdefault(status, answer)


def _headers(status: str, known: Operation | None, *, keyed: bool) -> Document:
    """What an answer that is no refusal carries beside its body."""
    done = status.startswith("2")
    headers = {
        correlation.HEADER: (True, CORRELATION),
        "ETag": (done and known is not None and known.etag, ETAG),
        "Location": (status == "201" and known is not None and known.location, LOCATION),
        REPLAYED: (done and keyed, REPLAY),
    }
    return {name: header for name, (there, header) in headers.items() if there}


def _name(operation: Document, known: Operation | None) -> None:
    if known is not None:
        operation.update(operationId=known.id, summary=known.summary, description=known.text)
    elif "description" in operation:  # better words than the function's name
        operation["description"] = plain(operation["description"])
        operation["summary"] = operation["description"].partition("\n")[0].removesuffix(".")


def _rename_form(operation: Document, schemas: Document) -> None:
    """A form's schema is named after the framework's idea of the operation; name it after ours."""
    form = operation.get("requestBody", {}).get("content", {}).get("multipart/form-data")
    if form is None:
        return
    name = operation["operationId"]
    new = f"{name[:1].upper()}{name[1:]}Form"
    old = form["schema"].get("$ref", "").removeprefix(REF)
    schema = schemas.pop(old, None) if old else form["schema"]
    if schema is not None:
        schemas[new] = {**schema, "description": "A form with one file."}
    form["schema"] = {"$ref": REF + new}


def _tell_answers(operation: Document, schemas: Document) -> None:
    """What a success is, in the words of its schema; the framework says "Successful Response"."""
    for status, answer in operation["responses"].items():
        if status == "204":
            answer["description"] = NO_CONTENT
        elif answer["description"] == "Successful Response":
            content: Document = next(iter(answer.get("content", {}).values()), {})
            name = content.get("schema", {}).get("$ref", "").removeprefix(REF)
            answer["description"] = sentence(schemas.get(name, {}).get("description", "")) or "Done."
            if "schema" in content:
                content["schema"].pop("title", None)


def _operations(made: Document, app: FastAPI) -> Iterator[tuple[str, Document, Dependant]]:
    for route in iter_route_contexts(app.routes):
        described = made["paths"].get(route.path_format, {})
        for method in route.methods or ():
            if method.lower() in described and hasattr(route, "dependant"):
                yield f"{method} {route.path_format}", described[method.lower()], route.dependant
