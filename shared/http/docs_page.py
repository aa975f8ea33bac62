"""The page that explains an API: made here from its OpenAPI document; no script, nothing from elsewhere.

A district may have no way out, and a page that loads a stranger's script is no place for somebody's token.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

HERE = Path(__file__).parent
LIMITS = ("pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "default")

Document = dict[str, Any]
Field = tuple[str, Document, bool, str]
"""A line of a table: name, schema, whether it is required, and where it goes (``query``, ``header``)."""


def add_docs_page(app: FastAPI) -> None:
    """Serve ``/docs``; made at the first request, for the document does not change while a process lives."""
    made: list[str] = []
    style = (HERE / "docs_page.css").read_text("utf-8")
    headers = {"Content-Security-Policy": _policy(style), "Referrer-Policy": "no-referrer"}

    async def page(_request: Request) -> Response:
        if not made:
            made.append(render(app.openapi(), style))
        return HTMLResponse(made[0], headers=headers)

    app.add_route("/docs", page, include_in_schema=False)


def render(document: Document, style: str) -> str:
    """The page of one OpenAPI document."""
    templates = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, trim_blocks=True, lstrip_blocks=True
    )
    templates.globals.update(limits=_limits, fields=_fields)
    return templates.get_template("docs_page.html.j2").render(
        info=document["info"],
        style=Markup(style),  # noqa: S704  # a file beside this one
        tags=_by_tag(document),
        schemas=dict(sorted(document["components"]["schemas"].items())),
    )


def _policy(style: str) -> str:
    """Nothing but this one style, word for word: nothing is loaded, run, sent, or framed."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    nothing = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return f"{nothing}; style-src 'sha256-{digest}'"


def _by_tag(document: Document) -> dict[str, list[Document]]:
    tags: dict[str, list[Document]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            body = operation.get("requestBody", {}).get("content", {})
            shown = {
                **operation,
                "id": operation["operationId"],
                "method": method,
                "path": path,
                "example": _example(method, path, operation),
                "parameters": [
                    (p["name"], {"description": p.get("description"), **p["schema"]}, p["required"], p["in"])
                    for p in operation.get("parameters", ())
                ],
                "takes": [(media_type, content["schema"]) for media_type, content in body.items()],
            }
            tags.setdefault(operation.get("tags", ["others"])[0], []).append(shown)
    return tags


def _example(method: str, path: str, operation: Document) -> str:
    words = ["curl"]
    if method != "get":
        words.append(f"-X {method.upper()}")
    if operation.get("security"):
        words.append('-H "Authorization: Bearer $TOKEN"')
    if any(parameter["name"] == "If-Match" for parameter in operation.get("parameters", ())):
        words.append("-H 'If-Match: \"7\"'")
    takes = operation.get("requestBody", {}).get("content", {})
    if "application/json" in takes:
        words.append("-H 'Content-Type: application/json' -d @body.json")
    elif takes:
        words.append("-F file=@students.xlsx")
    return " ".join([*words, f'"$API{path}"'])


def _fields(schema: Document) -> Iterator[Field]:
    for name, field in schema["properties"].items():
        yield name, field, name in schema.get("required", ()), ""


def _limits(schema: Document) -> list[str]:
    """What bounds a value, in the words of JSON Schema."""
    return [f"{word} {schema[word]}" for word in LIMITS if schema.get(word) is not None]
