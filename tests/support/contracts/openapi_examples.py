"""Examples for the OpenAPI documents, taken from the tests: ``make openapi`` records them.

Of each operation: the first success (a list with something in it before an empty one), and the first refusal
of each status. Ids, SSIDs, cursors and correlation ids become the same at every recording; long
lists are cut.
"""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest

from deploy.console.folders import ROOT
from deploy.console.ports import SERVICES
from tests.support import exchanges
from tests.support.exchanges import Exchange

RECORD = "STAIRS_RECORD_EXAMPLES"
MOST_ITEMS = 2  # of a list in an example
TEXT = "# HELP python_info Python platform information\n# TYPE python_info gauge\n"
"""In place of figures, which differ from run to run."""
WHOLE_DOCUMENTS = {"GET /v1/rulebooks/{year}"}  # whose objects are cut like lists

_ID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_BY_THE_MACHINE = re.compile(
    r"\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"
)  # tests' own clock has no fractions
_SSID = re.compile(r"(?<![\w-])\d{10}(?![\w-])")

Json = dict[str, Any]  # Any: as JSON has it

_kept: dict[str, dict[str, dict[str, tuple[int, Exchange]]]] = {service: {} for service in SERVICES}


def pytest_collection_finish() -> None:
    if os.environ.get(RECORD):
        exchanges.watch(_consider)


def pytest_sessionfinish(exitstatus: int) -> None:
    if os.environ.get(RECORD) and exitstatus == pytest.ExitCode.OK:
        for service in SERVICES:
            path = ROOT / "services" / service / "api" / "examples.json"
            path.write_text(json.dumps(_recorded(service), indent=1, ensure_ascii=False) + "\n", "utf-8")


def _consider(exchange: Exchange) -> None:
    description = getattr(exchange.app.state, "description", None)
    if description is None or exchange.key not in description.operations:
        return
    worth = _worth(exchange)
    kept = _kept[description.name].setdefault(exchange.key, {})
    status = str(exchange.status)
    if status not in kept or worth > kept[status][0]:
        kept[status] = (worth, exchange)


def _worth(exchange: Exchange) -> int:
    """A success that sends and answers something teaches more."""
    if exchange.status >= 300:
        return 0
    answered = _answer(exchange)
    items = answered.get("items", answered) if isinstance(answered, dict) else answered
    return 2 * bool(_request(exchange)) + bool(items)


def _recorded(service: str) -> Json:
    operations = sorted(_kept[service])
    return {key: _example(key, _kept[service][key]) for key in operations}


def _example(key: str, kept: dict[str, tuple[int, Exchange]]) -> Json:
    made: Json = {"answers": {}}
    for status, (_, exchange) in sorted(kept.items()):
        answered, sent = _answer(exchange), _request(exchange)
        if status < "300" and sent is not None and "request" not in made:
            made["request"] = sent
        if answered is not None:
            shown = [answered] if exchange.code is not None else _cut(answered, key in WHOLE_DOCUMENTS)
            made["answers"][status] = shown
    same: Json = json.loads(_made_alike(key, json.dumps(made)))
    return same


def _request(exchange: Exchange) -> object:
    kind = exchange.sent_headers.get("content-type", "")
    if not exchange.sent:
        return None
    if kind.startswith("application/json"):
        return json.loads(exchange.sent)
    form = email.message_from_bytes(
        b"Content-Type: " + kind.encode() + b"\r\n\r\n" + exchange.sent, policy=email.policy.HTTP
    )
    parts = {part.get_param("name", header="content-disposition"): part for part in form.iter_parts()}
    return {
        str(name): bytes(part.get_payload(decode=True)).decode("utf-8", "replace")
        for name, part in parts.items()
    }


def _answer(exchange: Exchange) -> Any:  # noqa: ANN401 - as JSON has it
    if not exchange.answered:
        return None
    if exchange.headers.get("content-type", "").startswith("text/plain"):
        return TEXT
    return json.loads(exchange.answered)


def _cut(value: Any, objects: bool) -> Any:  # noqa: ANN401 - as JSON has it
    if isinstance(value, list):
        return [_cut(item, objects) for item in value[:MOST_ITEMS]]
    if isinstance(value, dict):
        return {
            name: dict(list(_cut(item, objects).items())[:MOST_ITEMS])
            if objects and isinstance(item, dict)
            else _cut(item, objects)
            for name, item in value.items()
        }
    return value


def _made_alike(key: str, text: str) -> str:
    """The same with ids, SSIDs, cursors and instants of the machine that do not differ from run to run."""
    seen: dict[str, str] = {}

    def same_ssid(found: re.Match[str]) -> str:
        return seen.setdefault(found[0], f"99999999{len(seen):02d}")

    def same_id(found: re.Match[str]) -> str:
        made: UUID = uuid5(NAMESPACE_URL, f"{key}#{len(seen)}")
        return seen.setdefault(found[0], str(made))

    text = _BY_THE_MACHINE.sub("2019-04-12T19:00:01Z", text)
    text = _SSID.sub(same_ssid, text)
    text = _ID.sub(same_id, text)
    return re.sub(r'"next_cursor": "[^"]+"', '"next_cursor": "WyIyMDE5LTA0LTEyIiwgIjEiXQ"', text)
