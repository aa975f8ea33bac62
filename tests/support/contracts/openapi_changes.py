"""What of one OpenAPI document breaks the clients of another (older) one.

Breaking in an answer: a path, operation, success status, header or field that is gone; a field that may
now be absent or null, or of a type or format that it never had. Breaking in a request: a parameter, field
or value that is no longer taken; one that is required and was not; a limit that is tighter. Breaking in
both: another ``operationId``, for it is the name of a method in generated clients.

An enum of an answer may grow: clients are told to expect values that they do not know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Document = dict[str, Any]  # Any: as JSON has it
Schema = dict[str, Any]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
EXACT = ("pattern", "format", "multipleOf", "const")
HINTS = ("int64", "binary")
"""Formats that tell a generator which type to use and narrow nothing that was taken before."""


def breaking(old: Document, new: Document) -> list[str]:
    """Every breaking change, as ``where: what``, in the order of the old document."""
    return list(_Comparison(old, new).paths())


class _Comparison:
    def __init__(self, old: Document, new: Document) -> None:
        self._old, self._new = old, new
        self._seen: set[tuple[str, str, bool]] = set()  # pairs of references that were compared

    def paths(self) -> Iterator[str]:
        for path, item in self._old["paths"].items():
            for method in (method for method in METHODS if method in item):
                where, now = f"{method.upper()} {path}", self._new["paths"].get(path, {}).get(method)
                if now is None:
                    yield f"{where}: removed"
                else:
                    self._seen.clear()  # a shared schema breaks every operation that uses it
                    yield from self._operation(where, item[method], now)

    def _operation(self, where: str, old: Document, new: Document) -> Iterator[str]:
        if old.get("operationId") != new.get("operationId"):
            yield f"{where}: operationId {old.get('operationId')} became {new.get('operationId')}"
        yield from self._parameters(where, old, new)
        yield from self._bodies(where, old.get("requestBody"), new.get("requestBody"))
        for status, answer in old["responses"].items():
            if not status.startswith("2"):
                continue
            if status not in new["responses"]:
                yield f"{where} {status}: answer removed"
                continue
            yield from self._answer(
                f"{where} {status}", answer, self._follow(self._new, new["responses"][status])
            )

    def _answer(self, where: str, old: Document, new: Document) -> Iterator[str]:
        old = self._follow(self._old, old)
        for header in old.get("headers", {}):
            if header not in new.get("headers", {}):
                yield f"{where}: header {header} removed"
        yield from self._contents(where, old.get("content", {}), new.get("content", {}), asked=False)

    def _parameters(self, where: str, old: Document, new: Document) -> Iterator[str]:
        before, now = self._named(self._old, old), self._named(self._new, new)
        for key, parameter in before.items():
            place = f"{where} {key}"
            if key not in now:
                yield f"{place}: parameter removed"
                continue
            if now[key].get("required") and not parameter.get("required"):
                yield f"{place}: is required now"
            yield from self._schema(
                place, parameter.get("schema", {}), now[key].get("schema", {}), asked=True
            )
        for key in now.keys() - before.keys():
            if now[key].get("required"):
                yield f"{where} {key}: new required parameter"

    def _named(self, document: Document, operation: Document) -> dict[str, Document]:
        found = [self._follow(document, each) for each in operation.get("parameters", ())]
        return {f"{each['in']}:{each['name']}": each for each in found}

    def _bodies(self, where: str, old: Document | None, new: Document | None) -> Iterator[str]:
        if old is None:
            if new is not None and new.get("required"):
                yield f"{where}: a body is required now"
            return
        if new is None:
            yield f"{where}: takes no body any more"
            return
        if new.get("required") and not old.get("required"):
            yield f"{where}: a body is required now"
        yield from self._contents(f"{where} body", old["content"], new["content"], asked=True)

    def _contents(
        self, where: str, old: Mapping[str, Document], new: Mapping[str, Document], *, asked: bool
    ) -> Iterator[str]:
        for media_type, content in old.items():
            if media_type not in new:
                yield f"{where}: {media_type} removed"
                continue
            yield from self._schema(
                where, content.get("schema", {}), new[media_type].get("schema", {}), asked=asked
            )

    def _schema(self, where: str, old: Schema, new: Schema, *, asked: bool) -> Iterator[str]:
        """Compare two schemas.

        :param asked: of a request, which may only become wider; an answer may only become narrower.
        """
        if "$ref" in old or "$ref" in new:
            pair = (str(old.get("$ref")), str(new.get("$ref")), asked)
            if pair in self._seen:
                return
            self._seen.add(pair)
        before, now = self._flat(self._old, old), self._flat(self._new, new)
        yield from self._types(where, before, now, asked=asked)
        yield from _limits(where, before, now) if asked else _vaguer(where, before, now)
        yield from self._values(where, before, now, asked=asked)
        yield from self._fields(where, before, now, asked=asked)
        if "items" in before and "items" in now:
            yield from self._schema(f"{where}[]", before["items"], now["items"], asked=asked)

    def _types(self, where: str, old: Schema, new: Schema, *, asked: bool) -> Iterator[str]:
        before, now = _types(old), _types(new)
        narrow, wide = (now, before) if asked else (before, now)
        if lost := _not_covered(wide, narrow):
            word = "no longer takes" if asked else "may now be"
            yield f"{where}: {word} {', '.join(sorted(lost))}"

    def _values(self, where: str, old: Schema, new: Schema, *, asked: bool) -> Iterator[str]:
        if asked and "enum" in new:
            lost = [
                value for value in old.get("enum", [...]) if value not in new["enum"] and value is not None
            ]
            if lost:
                yield f"{where}: takes fewer values than before"

    def _fields(self, where: str, old: Schema, new: Schema, *, asked: bool) -> Iterator[str]:
        before, now = old.get("properties", {}), new.get("properties", {})
        was, is_now = set(old.get("required", ())), set(new.get("required", ()))
        open_now = asked and new.get("additionalProperties", True) is not False
        for name, field in before.items():
            if name in now:
                yield from self._schema(f"{where}/{name}", field, now[name], asked=asked)
            elif not open_now:
                yield f"{where}/{name}: field removed"
        if asked:
            yield from (f"{where}/{name}: is required now" for name in sorted(is_now - was))
        else:
            yield from (f"{where}/{name}: may now be absent" for name in sorted((was - is_now) & now.keys()))

    def _flat(self, document: Document, schema: Schema) -> Schema:
        """The schema with references followed and the alternatives ``null`` and ``allOf`` merged into it."""
        schema = self._follow(document, schema)
        merged = {name: value for name, value in schema.items() if name not in ("allOf", "anyOf", "oneOf")}
        for part in schema.get("allOf", ()):
            merged = {**self._flat(document, part), **merged}
        for word in ("anyOf", "oneOf"):
            parts = [self._flat(document, part) for part in schema.get(word, ())]
            if parts:
                kinds: set[str] = set().union(*(_types(part) for part in parts))
                whole = [part for part in parts if _types(part) != {"null"}]
                only = whole[0] if len(whole) == 1 else {}
                merged = {**only, **merged, "type": sorted(kinds)}
        return merged

    def _follow(self, document: Document, node: Document) -> Document:
        while "$ref" in node:
            found: Any = document
            for step in node["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            node = {**found, **{name: value for name, value in node.items() if name != "$ref"}}
        return node


def _types(schema: Schema) -> set[str]:
    """The JSON types that a schema allows; ``any`` where it does not say."""
    named = schema.get("type")
    if named is None:
        values = schema.get("enum")
        return {"any"} if values is None else {_type_of(value) for value in values}
    return {named} if isinstance(named, str) else set(named)


def _type_of(value: object) -> str:
    if value is None:
        return "null"
    return {str: "string", bool: "boolean", int: "integer", float: "number"}.get(type(value), "any")


def _not_covered(inner: set[str], outer: set[str]) -> set[str]:
    """What of the one is not in the other; every integer is a number."""
    if "any" in outer:
        return set()
    return inner - outer - ({"integer"} if "number" in outer else set())


def _limits(where: str, old: Schema, new: Schema) -> Iterator[str]:
    """Limits of a request that are tighter than before."""
    for word in UPPER:
        if word in new and (word not in old or new[word] < old[word]):
            yield f"{where}: {word} is {new[word]}, was {old.get(word, 'open')}"
    for word in LOWER:
        if word in new and (word not in old or new[word] > old[word]):
            yield f"{where}: {word} is {new[word]}, was {old.get(word, 'open')}"
    for word in EXACT:
        if word in new and new[word] != old.get(word) and new[word] not in HINTS:
            yield f"{where}: {word} is {new[word]}, was {old.get(word, 'open')}"
    if new.get("additionalProperties") is False and old.get("additionalProperties") is not False:
        yield f"{where}: takes no other fields any more"


def _vaguer(where: str, old: Schema, new: Schema) -> Iterator[str]:
    """The format of an answer that is another than before."""
    for word in ("format", "const"):
        if word in old and new.get(word) != old[word]:
            yield f"{where}: {word} is {new.get(word, 'open')}, was {old[word]}"
