"""The OpenAPI documents of the three services, as they are kept in docs/openapi.

    python -m tests.support.contracts.openapi_documents     (make openapi)

Writes ``docs/openapi/<service>.json`` from the applications as they are served, and prints what it wrote and
how much each document tells. The contract tests compare these files with the applications, and refuse a
change that breaks a client.
"""

from __future__ import annotations

import importlib
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from deploy.console.folders import ROOT
from deploy.console.ports import SERVICES
from shared.chassis.api import build_api
from shared.kernel.clock import SystemClock
from tests.support.contracts.env_examples import settings_class

FOLDER = ROOT / "docs" / "openapi"

Document = dict[str, Any]  # Any: as JSON has it


def application(service: str) -> FastAPI:
    """The API as the service serves it; it is not started, so nothing that it names has to be there."""
    kind: Any = settings_class(service)  # Any: of BaseSettings mypy knows no fields
    settings = kind.model_construct(auth_jwks_url="file:///nowhere/jwks.json")
    definition = getattr(importlib.import_module(f"services.{service}.bootstrap"), service.upper())
    app: FastAPI = build_api(definition, settings, clock=SystemClock())
    return app


@cache
def document(service: str) -> Document:
    """The document that the service serves under ``/openapi.json``."""
    made: Document = application(service).openapi()
    return made


def path_of(service: str) -> Path:
    """Where the document is kept."""
    return FOLDER / f"{service}.json"


def text_of(made: Document) -> str:
    """The kept form: indented, in the order of the application, so that a difference reads well."""
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def write(folder: Path = FOLDER) -> list[str]:
    """Write the documents that are new or different; answers their names."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {f"{service}.json": text_of(document(service)) for service in SERVICES}
    stale = [name for name, text in wanted.items() if _kept(folder / name) != text]
    for name in stale:
        (folder / name).write_text(wanted[name], "utf-8")
    return stale


def _kept(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


def tally(made: Document) -> dict[str, int]:
    """How much a document tells: its operations, examples, and described parameters and fields."""
    schemas = made["components"]["schemas"]
    operations = [one for item in made["paths"].values() for one in item.values()]
    contents = [
        content
        for one in operations
        for holder in (one.get("requestBody", {}), *one["responses"].values())
        for content in holder.get("content", {}).values()
    ]
    fields = [field for schema in schemas.values() for field in schema.get("properties", {}).values()]
    named = [schemas[field["$ref"].rpartition("/")[2]] if "$ref" in field else {} for field in fields]
    parameters = [parameter for one in operations for parameter in one["parameters"]]
    return {
        "operations": len(operations),
        "examples": sum(("example" in one) + len(one.get("examples", ())) for one in contents),
        "parameters": len(parameters),
        "described parameters": sum("description" in one for one in parameters),
        "fields": len(fields),
        "described fields": sum(
            "description" in {**kind, **own} for kind, own in zip(named, fields, strict=True)
        ),
    }


if __name__ == "__main__":
    sys.stdout.write("".join(f"docs/openapi/{name}\n" for name in write()) or "docs/openapi is up to date\n")
    for each in SERVICES:
        counts = tally(document(each)).items()
        sys.stdout.write(f"{each}: {', '.join(f'{count} {name}' for name, count in counts)}\n")
