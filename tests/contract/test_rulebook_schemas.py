"""The form of a rulebook is promised to whoever writes one: frozen, generated from the loader, and obeyed."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

from services.incidents.rulebooks.library import Library
from shared.rulebooks.inheritance import whole
from shared.rulebooks.layers import read_layers
from tests.support.contracts.rulebook_schemas import MODELS, frozen, generated


@pytest.mark.parametrize("service", MODELS)
def test_the_frozen_schema_is_the_loaders(service: str) -> None:
    kept = json.loads(frozen(service).read_text())
    assert kept == generated(service), "python -m tests.support.contracts.rulebook_schemas freezes it anew"


@pytest.mark.parametrize("service", MODELS)
def test_every_year_obeys_its_schema(service: str) -> None:
    layers = read_layers(frozen(service).parent)
    checker = jsonschema.Draft202012Validator(generated(service))
    model = MODELS[service]
    for year in layers:
        document = model.model_validate(whole(year, layers).raw).model_dump(
            mode="json", by_alias=True, exclude_none=True
        )
        assert [error.json_path for error in checker.iter_errors(document)] == []


def test_the_schema_of_incidents_refuses_what_the_loader_refuses() -> None:
    checker = jsonschema.Draft202012Validator(generated("incidents"))
    document: Any = json.loads(json.dumps(Library.from_folder().document("2018-19")))
    document["incident_types"]["student_cheating"]["colour"] = "red"
    del document["clocks"]["K3"]["source"]
    paths = {error.json_path for error in checker.iter_errors(document)}
    assert paths == {"$.incident_types.student_cheating", "$.clocks.K3"}
