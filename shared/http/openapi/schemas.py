"""JSON Schemas as generators of clients understand them best; pydantic's are right, and hard on generators.

* no ``title`` that repeats a property's name (some generators name a class after it);
* ``type: [string, "null"]`` in place of ``anyOf`` with null, ``oneOf`` where a schema has a name;
* whole numbers with the width that they need; files as ``format: binary``;
* values to choose from under a name of their own;
* no default of null, and none that breaks the property's own pattern (a default in a ``PATCH`` that is never
  used, for absent means unchanged).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from shared.http.openapi.wording import plain

Document = dict[str, Any]  # Any: as JSON has it

REF = "#/components/schemas/"
NULL: Document = {"type": "null"}
INT32 = 2**31 - 1


def tidy(schemas: dict[str, Document], parameters: Iterator[Document]) -> None:
    """Tidy all named schemas and all parameters' schemas, in place."""
    named = dict(schemas)
    for name, schema in named.items():
        schemas[name] = _tidied(schema)
        schemas[name].pop("title", None)
    for parameter in parameters:
        if "description" in parameter:
            parameter["description"] = plain(parameter["description"])
        parameter["schema"] = _tidied(parameter["schema"])
        parameter["schema"].pop("description", None)  # it is the parameter's already
        if parameter["schema"].pop("deprecated", False):
            parameter["deprecated"] = True
        parameter["schema"] = _named(parameter["name"], "", parameter["schema"], schemas)
    for name in named:
        properties = schemas[name].get("properties", {})
        for key, schema in properties.items():
            properties[key] = _named(key, name, schema, schemas)


def _tidied(schema: Document) -> Document:
    made = _parts_tidied({word: value for word, value in schema.items() if word != "title"})
    if "anyOf" in made:
        made = _without_any_of(made)
    if "description" in made:
        made["description"] = plain(made["description"])
    if made.get("contentMediaType") == "application/octet-stream":
        del made["contentMediaType"]
        made["format"] = "binary"
    if made.get("type") == "integer" or made.get("type") == ["integer", "null"]:
        made["format"] = "int32" if made.get("maximum", INT32 + 1) <= INT32 else "int64"
    return _without_useless_default(made)


def _parts_tidied(schema: Document) -> Document:
    """The same with each schema inside of it tidied."""
    made = dict(schema)
    if "properties" in made:
        made["properties"] = {name: _tidied(value) for name, value in made["properties"].items()}
    for word in ("items", "additionalProperties"):
        if isinstance(made.get(word), dict):
            made[word] = _tidied(made[word])
    for word in ("anyOf", "oneOf", "allOf"):
        if word in made:
            made[word] = [_tidied(one) for one in made[word]]
    return made


def _without_any_of(schema: Document) -> Document:
    """The same with null as a type where there is one alternative to it."""
    rest = {word: value for word, value in schema.items() if word != "anyOf"}
    others = [one for one in schema["anyOf"] if one != NULL]
    if len(others) == len(schema["anyOf"]) or len(others) != 1:
        return schema
    (other,) = others
    if not isinstance(other.get("type"), str):  # a name, or any value
        return {**rest, "oneOf": [other, NULL]}
    widened = {**other, **rest, "type": [other["type"], "null"]}
    if "enum" in other:
        widened["enum"] = [*other["enum"], None]
    return widened


def _without_useless_default(schema: Document) -> Document:
    default = schema.get("default", ...)
    pattern = schema.get("pattern")
    broken = isinstance(default, str) and pattern is not None and re.search(pattern, default) is None
    if default is None or broken:
        return {word: value for word, value in schema.items() if word != "default"}
    return schema


def _named(key: str, owner: str, schema: Document, schemas: dict[str, Document]) -> Document:
    """The schema, with the values to choose from moved to a name of their own."""
    if schema.get("type") == "array" and isinstance(schema.get("items"), dict):
        return {**schema, "items": _named(key, owner, schema["items"], schemas)}
    values = [value for value in schema.get("enum", ()) if value is not None]
    if not values:
        return schema
    made: Document = {"type": "string", "enum": values}
    if "description" in schema:
        made["description"] = schema["description"]
    name = next((known for known, one in schemas.items() if one.get("enum") == values), owner + _pascal(key))
    schemas.setdefault(name, made)
    reference: Document = {"$ref": REF + name}
    rest = {word: value for word, value in schema.items() if word not in ("type", "enum")}
    return {**rest, "oneOf": [reference, NULL]} if None in schema["enum"] else {**rest, **reference}


def _pascal(key: str) -> str:
    return "".join(word.capitalize() for word in key.split("_"))
