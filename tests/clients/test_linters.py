"""Two linters find nothing in docs/openapi: neither an error nor a warning."""

from __future__ import annotations

import json

from tests.support.contracts.client_tools import DOCUMENTS, SOURCES, npm_program, run


def test_spectral_finds_nothing() -> None:
    rules = ("--ruleset", SOURCES / "spectral.yaml", "--fail-severity", "hint")
    run(npm_program("spectral"), "lint", *rules, *DOCUMENTS.values())


def test_redocly_finds_nothing() -> None:
    options = ("--config", SOURCES / "redocly.yaml", "--format", "json")
    for document in DOCUMENTS.values():
        said = run(npm_program("redocly"), "lint", document, *options, told={"REDOCLY_TELEMETRY": "off"})
        found = json.loads(said)
        assert found["totals"] == {"errors": 0, "warnings": 0, "ignored": 0}, found["problems"]
