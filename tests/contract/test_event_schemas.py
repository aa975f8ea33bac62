"""The published language stands in the tree as files; what was valid once stays valid."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from deploy.kafka.jars import HERE
from shared.messaging.event_types import event_types, major_version
from tests.support.contracts.event_samples import kept
from tests.support.contracts.event_schemas import EVENTS, problems
from tools.event_schemas import BASE, files, schemas, write

TOPICS = HERE / "topics.yaml"
SAMPLES = kept()
DOCUMENT: dict[str, Any] = yaml.safe_load((EVENTS / "asyncapi.yaml").read_text("utf-8"))
REMEDY = "run `make schemas`, and look at what it changes"


def test_the_files_are_what_is_generated() -> None:
    wanted = dict(files(TOPICS))
    for name, text in wanted.items():
        assert (EVENTS / name).read_text("utf-8") == text, f"docs/events/{name}: {REMEDY}"
    assert {f"schemas/{path.name}" for path in (EVENTS / "schemas").iterdir()} == wanted.keys() - {
        "asyncapi.yaml"
    }


def test_what_is_generated_twice_is_the_same(tmp_path: Path) -> None:
    assert "asyncapi.yaml" in write(tmp_path, TOPICS)
    (tmp_path / "schemas" / "stairs.gone.v1.json").write_text("{}")
    assert write(tmp_path, TOPICS) == ["schemas/stairs.gone.v1.json"]
    assert write(tmp_path, TOPICS) == []


@pytest.mark.parametrize("name", schemas())
def test_a_schema_is_one_and_names_itself_with_its_major_version(name: str) -> None:
    schema = schemas()[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"{BASE}/{name}.json"
    assert major_version(name) is not None
    assert schema["description"]


def test_there_is_a_sample_of_every_type() -> None:
    assert set(SAMPLES) >= set(event_types()), REMEDY


@pytest.mark.parametrize("name", SAMPLES)
def test_what_was_published_once_is_still_valid(name: str) -> None:
    assert problems(name, SAMPLES[name]) == []
    model = event_types()[name].model
    assert model.model_validate(SAMPLES[name]).key


@pytest.mark.parametrize("name", SAMPLES)
def test_a_field_that_is_not_known_is_ignored(name: str) -> None:
    assert problems(name, {**SAMPLES[name], "of_tomorrow": 1}) == []


@pytest.mark.parametrize("name", SAMPLES)
def test_what_a_schema_requires_is_missed(name: str) -> None:
    for field in schemas()[name]["required"]:
        rest = {each: value for each, value in SAMPLES[name].items() if each != field}
        assert problems(name, rest), field


@pytest.mark.parametrize("wrong", ["2019-04-12T19:00:00", "yesterday", 12])
def test_an_instant_is_one_with_its_offset(wrong: object) -> None:
    submitted = SAMPLES["stairs.incident.submitted.v1"]
    assert problems("stairs.incident.submitted.v1", {**submitted, "submitted_at": wrong})


def test_an_event_of_ours_without_a_schema_is_a_fault() -> None:
    assert problems("stairs.incident.submitted.v2", {}) == [
        "stairs.incident.submitted.v2 has no schema in docs/events: run `make schemas`"
    ]


def test_every_type_is_a_message_of_its_topics_channel() -> None:
    channels = {channel["address"]: channel["messages"] for channel in DOCUMENT["channels"].values()}
    messages = DOCUMENT["components"]["messages"]
    for kind in event_types().values():
        name = kind.name.replace(".", "-")
        assert channels[kind.topic][name] == {"$ref": f"#/components/messages/{name}"}
        headers = messages[name]["headers"]["properties"]
        assert (headers["ce_type"]["const"], headers["ce_source"]["const"]) == (kind.name, kind.source)
        assert (EVENTS / messages[name]["payload"]["schema"]["$ref"]).exists()


def test_every_reference_in_the_document_leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        part: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/") if reference.startswith("#/") else ():
            part = part[step]
        assert part


def references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for each in part.values() for found in references(each)]
    return [found for each in part for found in references(each)] if isinstance(part, list) else []


def test_whoever_follows_a_topic_receives_it_and_may_park() -> None:
    operations = DOCUMENT["operations"]
    receiving = {
        name: each["bindings"]["kafka"]["groupId"]["enum"]
        for name, each in operations.items()
        if each["action"] == "receive"
    }
    assert receiving == {
        "appeals-receive-stairs-incidents-v1": ["appeals"],
        "notifications-receive-stairs-incidents-v1": ["notifications"],
        "incidents-receive-stairs-appeals-v1": ["incidents"],
        "notifications-receive-stairs-appeals-v1": ["notifications"],
        "incidents-mail-receive-stairs-notifications-v1": ["incidents-mail"],
    }
    assert {name.replace("-receive-", "-park-") for name in receiving} <= operations.keys()
