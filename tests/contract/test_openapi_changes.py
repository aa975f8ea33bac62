"""What counts as breaking between two OpenAPI documents."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.contracts.openapi_changes import breaking

Document = dict[str, Any]

ITEM: Document = {
    "type": "object",
    "required": ["id", "status", "at"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "status": {"$ref": "#/components/schemas/Status"},
        "at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
        "size": {"type": "integer"},
    },
}
BODY: Document = {
    "type": "object",
    "additionalProperties": False,
    "required": ["text"],
    "properties": {
        "text": {"type": "string", "maxLength": 10},
        "status": {"$ref": "#/components/schemas/Status"},
        "pages": {"type": ["integer", "null"]},
    },
}
DOCUMENT: Document = {
    "components": {
        "schemas": {"Item": ITEM, "Body": BODY, "Status": {"type": "string", "enum": ["open", "shut"]}}
    },
    "paths": {
        "/items": {
            "post": {
                "operationId": "addItem",
                "parameters": [{"in": "query", "name": "dry", "schema": {"type": "boolean"}}],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Body"}}},
                },
                "responses": {
                    "201": {
                        "headers": {"ETag": {}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}},
                    },
                    "4XX": {},
                },
            }
        }
    },
}


def post(document: Document) -> Document:
    found: Document = document["paths"]["/items"]["post"]
    return found


def schema(document: Document, name: str) -> Document:
    found: Document = document["components"]["schemas"][name]
    return found


BREAKS: dict[str, Callable[[Document], object]] = {
    "POST /items: removed": lambda new: new["paths"].pop("/items"),
    "POST /items: operationId addItem became add": lambda new: post(new).update(operationId="add"),
    "POST /items 201: answer removed": lambda new: post(new)["responses"].pop("201"),
    "POST /items 201: header ETag removed": lambda new: post(new)["responses"]["201"]["headers"].clear(),
    "POST /items 201: application/json removed": lambda new: post(new)["responses"]["201"]["content"].clear(),
    "POST /items 201/size: field removed": lambda new: schema(new, "Item")["properties"].pop("size"),
    "POST /items 201/id: may now be absent": lambda new: schema(new, "Item")["required"].remove("id"),
    "POST /items 201/size: may now be null": lambda new: schema(new, "Item")["properties"].update(
        size={"type": ["integer", "null"]}
    ),
    "POST /items 201/size: may now be string": lambda new: schema(new, "Item")["properties"].update(
        size={"type": "string"}
    ),
    "POST /items 201/at: format is open, was date-time": lambda new: schema(new, "Item")["properties"].update(
        at={"type": ["string", "null"]}
    ),
    "POST /items query:dry: parameter removed": lambda new: post(new)["parameters"].clear(),
    "POST /items query:dry: is required now": lambda new: post(new)["parameters"][0].update(required=True),
    "POST /items query:new: new required parameter": lambda new: post(new)["parameters"].append(
        {"in": "query", "name": "new", "required": True, "schema": {"type": "string"}}
    ),
    "POST /items body/pages: is required now": lambda new: schema(new, "Body")["required"].append("pages"),
    "POST /items body/new: is required now": lambda new: schema(new, "Body").update(
        required=["text", "new"], properties={**BODY["properties"], "new": {"type": "string"}}
    ),
    "POST /items body/pages: field removed": lambda new: schema(new, "Body")["properties"].pop("pages"),
    "POST /items body/pages: no longer takes null": lambda new: schema(new, "Body")["properties"].update(
        pages={"type": "integer"}
    ),
    "POST /items body/text: maxLength is 9, was 10": lambda new: schema(new, "Body")["properties"].update(
        text={"type": "string", "maxLength": 9}
    ),
    "POST /items body/text: pattern is ^x$, was open": lambda new: schema(new, "Body")["properties"].update(
        text={"type": "string", "maxLength": 10, "pattern": "^x$"}
    ),
    "POST /items body/status: takes fewer values than before": lambda new: schema(new, "Status").update(
        enum=["open"]
    ),
}

HARMLESS: dict[str, Callable[[Document], object]] = {
    "nothing": lambda new: new,
    "a new path": lambda new: new["paths"].update({"/more": {}}),
    "a new field of an answer": lambda new: schema(new, "Item")["properties"].update(more={"type": "string"}),
    "a new field of a request": lambda new: schema(new, "Body")["properties"].update(more={"type": "string"}),
    "a new value": lambda new: schema(new, "Status")["enum"].append("lost"),
    "a wider limit": lambda new: schema(new, "Body")["properties"]["text"].update(maxLength=11),
    "null written the other way": lambda new: schema(new, "Item")["properties"].update(
        at={"type": ["string", "null"], "format": "date-time"}
    ),
    "an integer that is said to be 64 bits wide": lambda new: schema(new, "Item")["properties"][
        "size"
    ].update(format="int64"),
    "a number of a request that is said to be 64 bits wide": lambda new: schema(new, "Body")[
        "properties"
    ].update(pages={"type": ["integer", "null"], "format": "int64"}),
    "a field that is now always there": lambda new: schema(new, "Item")["required"].append("size"),
    "a field that need not be sent any more": lambda new: schema(new, "Body")["required"].clear(),
    "a schema of another name": lambda new: (
        new["components"]["schemas"].update(Thing=ITEM),
        post(new)["responses"]["201"]["content"]["application/json"].update(
            schema={"$ref": "#/components/schemas/Thing"}
        ),
    ),
}


@pytest.mark.parametrize("change", BREAKS)
def test_a_change_that_breaks_clients_is_told(change: str) -> None:
    new = copy.deepcopy(DOCUMENT)
    BREAKS[change](new)
    assert change in breaking(DOCUMENT, new)
    assert len(breaking(DOCUMENT, new)) == 1


@pytest.mark.parametrize("change", HARMLESS)
def test_a_change_that_breaks_nobody_is_allowed(change: str) -> None:
    new = copy.deepcopy(DOCUMENT)
    HARMLESS[change](new)
    assert breaking(DOCUMENT, new) == []
