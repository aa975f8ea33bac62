"""What a service answers is what its document declares, and the document declares everything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from jsonschema import Draft202012Validator

from deploy.console.ports import SERVICES
from shared.http.answers import Answer, ok
from shared.http.resources import Resource
from tests.support.contracts.openapi_documents import application, document

Schema = dict[str, Any]

OPEN = {"Rulebook", "IncidentType"}
"""Schemas of data that is a file of ours: it may have fields that the document does not name."""


class Part(Resource):
    at: str


class Whole(Resource):
    id: int
    part: Part | None


@pytest.mark.parametrize(
    ("answered", "problem"),
    [
        ({"id": 1, "part": None}, None),
        ({"id": 1, "part": {"at": "here"}}, None),
        ({"id": 1}, "'part' is a required property"),
        ({"id": "1", "part": None}, "'1' is not of type 'integer'"),
        ({"id": 1, "part": None, "more": 1}, "'more' was unexpected"),
        ({"id": 1, "part": {"at": "here", "more": 1}}, "is not valid under any of the given schemas"),
    ],
)
async def test_an_answer_that_is_not_as_declared_fails_the_test(
    answered: Schema, problem: str | None
) -> None:
    app = FastAPI(title=f"answers {answered}", telemetry={})

    @app.get("/whole")
    async def whole() -> Answer[Whole]:
        return ok(Whole.model_construct(**answered))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://a") as http:
        if problem is None:
            assert (await http.get("/whole")).json() == answered
        else:
            with pytest.raises(AssertionError, match=problem):
                await http.get("/whole")


async def test_a_status_that_is_not_declared_fails_the_test() -> None:
    app = FastAPI(title="another status", telemetry={})

    @app.get("/whole")
    async def whole() -> Answer[Part]:
        return Answer(202, Part.model_construct(at="here"))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://a") as http:
        with pytest.raises(AssertionError, match="202: this status is not declared"):
            await http.get("/whole")


@pytest.mark.parametrize("service", SERVICES)
async def test_what_is_told_of_the_process_is_declared(service: str) -> None:
    """A service that is not started is alive and, without its keys, not ready: both answers are declared."""
    transport = httpx.ASGITransport(application(service))
    async with httpx.AsyncClient(transport=transport, base_url="http://a") as http:
        answers = [await http.get(path) for path in ("/healthz", "/readyz", "/metrics")]
    assert [answer.status_code for answer in answers] == [200, 503, 200]
    assert answers[1].json()["reasons"].keys() == {"keys"}


@pytest.mark.parametrize("service", SERVICES)
def test_every_success_has_a_schema_of_its_own(service: str) -> None:
    """Named, so that generated clients have a type for it; 204 and the text of /metrics have none."""
    without = [
        f"{method} {path} {status}"
        for path, item in document(service)["paths"].items()
        for method, operation in item.items()
        for status, answer in operation["responses"].items()
        if status.startswith("2") and status != "204" and path != "/metrics"
        if "$ref" not in answer["content"]["application/json"]["schema"]
    ]
    assert without == []


@pytest.mark.parametrize("service", SERVICES)
def test_every_field_and_every_parameter_is_described(service: str) -> None:
    assert list(_undescribed(document(service))) == []


@pytest.mark.parametrize("service", SERVICES)
def test_only_what_is_a_file_of_ours_is_open(service: str) -> None:
    schemas = document(service)["components"]["schemas"]
    found = {name for name, schema in schemas.items() if schema.get("additionalProperties") is True}
    assert found <= OPEN


@pytest.mark.parametrize("service", SERVICES)
def test_a_default_is_a_value_that_its_own_schema_takes(service: str) -> None:
    made = document(service)
    wrong = [
        f"{where}: {schema['default']!r}"
        for where, schema in _values(made)
        if "default" in schema
        and list(
            Draft202012Validator({**schema, "components": made["components"]}).iter_errors(schema["default"])
        )
    ]
    assert wrong == []


def _values(made: Schema) -> Iterator[tuple[str, Schema]]:
    """Every parameter and every field, with its schema."""
    for path, item in made["paths"].items():
        for method, operation in item.items():
            for parameter in operation.get("parameters", ()):
                described = {key: parameter[key] for key in ("description",) if key in parameter}
                yield f"{method} {path} {parameter['name']}", {**parameter["schema"], **described}
    for name, schema in made["components"]["schemas"].items():
        if name != "Problem":
            for field, value in schema.get("properties", {}).items():
                yield f"{name}.{field}", value


def _undescribed(made: Schema) -> Iterator[str]:
    schemas = made["components"]["schemas"]
    for where, schema in _values(made):
        named = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else {}
        if "description" not in schema and "description" not in named:
            yield where
    for name, schema in schemas.items():
        if "description" not in schema and not name.startswith("Body_"):
            yield name
