"""The REST interfaces stand in the tree as OpenAPI documents; no change breaks a client by accident."""

from __future__ import annotations

import json
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.console.folders import ROOT
from deploy.console.ports import SERVICES
from tests.support.contracts.openapi_changes import breaking
from tests.support.contracts.openapi_documents import FOLDER, document, path_of, text_of, write

REMEDY = "run `make openapi`, and look at what it changes"
ACCEPTED: list[dict[str, str]] = yaml.safe_load((FOLDER / "breaking.yaml").read_text("utf-8"))
BASES = ("HEAD", "HEAD^", "the last tag")


@pytest.mark.parametrize("service", SERVICES)
def test_the_kept_document_is_the_one_that_is_served(service: str) -> None:
    kept = path_of(service)
    assert kept.read_text("utf-8") == text_of(document(service)), f"{kept.name}: {REMEDY}"


def test_what_is_written_twice_is_the_same(tmp_path: Path) -> None:
    assert write(tmp_path) == [f"{service}.json" for service in SERVICES]
    assert write(tmp_path) == []


@pytest.mark.parametrize("base", BASES)
@pytest.mark.parametrize("service", SERVICES)
def test_no_client_of_an_older_version_breaks(service: str, base: str) -> None:
    """Compared with what is committed, the commit before (for a merge, that of main), and the release."""
    older = _committed(base, service)
    if older is None:
        pytest.skip(f"{base} has no docs/openapi/{service}.json")
    found = [
        change
        for change in breaking(older, document(service))
        if not any(fnmatchcase(change, each["change"]) for each in ACCEPTED)
    ]
    assert found == [], "breaks clients: undo it, or say in docs/openapi/breaking.yaml why it has to be"


def test_an_accepted_break_has_its_reason() -> None:
    assert all(set(each) == {"change", "why"} and each["why"].strip() for each in ACCEPTED)


def _committed(base: str, service: str) -> dict[str, Any] | None:
    if base == "the last tag":
        base = _git("describe", "--tags", "--abbrev=0").strip()
    text = _git("show", f"{base}:docs/openapi/{service}.json") if base else ""
    return json.loads(text) if text else None


def _git(*words: str) -> str:
    """What git says; nothing where it refuses (no such commit, tag or file) or is not there."""
    try:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    except FileNotFoundError:
        return ""
