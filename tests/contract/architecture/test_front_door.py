"""What a stranger meets first: license, version, editor and container settings, hooks."""

from __future__ import annotations

import configparser
import json
import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def test_the_license_is_the_one_that_the_project_names() -> None:
    text = (ROOT / "LICENSE").read_text("utf-8")
    assert PROJECT["project"]["license"] == "Apache-2.0"
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_the_version_has_its_section_in_the_changelog() -> None:
    sections = re.findall(r"^## \[(.+?)\](.*)$", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert sections[0] == ("Unreleased", "")
    assert sections[1][0] == PROJECT["project"]["version"]
    assert all(re.fullmatch(r" - \d{4}-\d\d-\d\d", dated) for _, dated in sections[1:])


def test_the_editor_is_told_the_widths_that_the_tools_hold() -> None:
    told = configparser.ConfigParser()
    told.read_string("[top]\n" + (ROOT / ".editorconfig").read_text("utf-8"))
    assert told.getint("*.py", "max_line_length") == PROJECT["tool"]["ruff"]["line-length"]
    assert told.getint("*.md", "max_line_length") == 100


def test_every_hook_is_a_tool_of_the_lock_and_nothing_is_fetched() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    assert [repo["repo"] for repo in hooks["repos"]] == ["local"]
    for hook in hooks["repos"][0]["hooks"]:
        assert hook["language"] == "system"
        assert hook["entry"].startswith(".venv/bin/")
    assert any(each.startswith("pre-commit") for each in PROJECT["project"]["optional-dependencies"]["dev"])


def test_the_development_container_has_what_the_two_commands_need() -> None:
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    recipe = (ROOT / ".devcontainer" / container["build"]["dockerfile"]).read_text("utf-8")
    assert container["postCreateCommand"] == "make install"
    assert "FROM python:3.11-" in recipe
    assert {"make", "git", "maven", "openjdk-17-jre-headless"} <= set(recipe.split())
