"""Holds every answer that a test sees to the OpenAPI document of the application that gave it.

A pytest plugin. Whatever a test asks of an application in its own process (``httpx.ASGITransport``): a JSON
answer has to be of a declared status and of its schema, with every field declared, every required field
there, types and formats right, and instants in UTC with ``Z``. Problems are for
``tests.support.http.problems``.
"""

from __future__ import annotations

import re
from typing import Any

import httpx
import orjson
import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator, FormatChecker

Schema = dict[str, Any]  # Any: as JSON Schema has it

FORMATS = FormatChecker(["uuid", "date"])
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?Z")
_documents: dict[tuple[object, ...], DeclaredAnswers] = {}


@FORMATS.checks("date-time")
def _is_our_instant(value: object) -> bool:
    return not isinstance(value, str) or _INSTANT.fullmatch(value) is not None


class DeclaredAnswers:
    """The answers that an OpenAPI document declares, by operation and status."""

    def __init__(self, document: dict[str, Any]) -> None:
        schemas = document.get("components", {}).get("schemas", {})
        self._components = {"schemas": {name: closed(schema) for name, schema in schemas.items()}}
        # a path without parameters goes before one that has them, as in the routers
        paths = sorted(document["paths"].items(), key=lambda item: item[0].count("{"))
        self._paths = [(re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), item) for path, item in paths]
        self._validators: dict[str, Draft202012Validator] = {}

    def problems(self, method: str, path: str, status: int, body: object) -> list[str]:
        """What of an answer is not as declared; nothing of an address that the document does not name."""
        operation = self._operation(method.lower(), path)
        if operation is None:
            return []
        where = f"{operation['operationId']} {status}"
        answer = operation["responses"].get(str(status))
        if answer is None:
            return [f"{where}: this status is not declared"]
        schema = answer.get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return [] if body is None else [f"{where}: no JSON body is declared"]
        found = self._validator(where, schema).iter_errors(body)
        return [f"{where} {error.json_path}: {error.message}" for error in found]

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        for pattern, item in self._paths:
            if method in item and pattern.fullmatch(path):
                found: dict[str, Any] = item[method]
                return found
        return None

    def _validator(self, where: str, schema: Schema) -> Draft202012Validator:
        if where not in self._validators:
            whole = {**closed(schema), "components": self._components}
            self._validators[where] = Draft202012Validator(whole, format_checker=FORMATS)
        return self._validators[where]


def closed(schema: Any) -> Any:  # noqa: ANN401 - a part of a JSON document
    """The schema, refusing fields that it does not name; it leaves that open, because answers may grow."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(value) for name, value in schema.items()}
    return {"additionalProperties": False, **inner} if "properties" in inner else inner


def declared_by(app: FastAPI) -> DeclaredAnswers:
    """The declared answers of an application; made once for all applications of the same routes."""
    key = (app.title, *(str(getattr(route, "path", route)) for route in app.routes))
    if key not in _documents:
        _documents[key] = DeclaredAnswers(app.openapi())
    return _documents[key]


@pytest.fixture(autouse=True)
def answers_are_as_declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every answer in this test is held to its document."""
    ask = httpx.ASGITransport.handle_async_request

    async def checked(transport: httpx.ASGITransport, request: httpx.Request) -> httpx.Response:
        answer = await ask(transport, request)
        app: object = transport.app
        media_type = answer.headers.get("content-type")
        if isinstance(app, FastAPI) and media_type in (None, "application/json") and request.method != "HEAD":
            body = orjson.loads(await answer.aread()) if media_type else None
            found = declared_by(app).problems(request.method, request.url.path, answer.status_code, body)
            assert found == []
        return answer

    monkeypatch.setattr(httpx.ASGITransport, "handle_async_request", checked)
