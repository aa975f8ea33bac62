"""`python -m tests.support.contracts.env_examples` writes deploy/env/*.env.example."""

from __future__ import annotations

import importlib
from pathlib import Path

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from deploy.console.folders import ROOT
from deploy.console.ports import SERVICES
from shared.process.settings import CommonSettings

FOLDER = ROOT / "deploy" / "env"


def settings_class(service: str) -> type[BaseSettings]:
    """What a service is told."""
    kind: type[BaseSettings] = getattr(
        importlib.import_module(f"services.{service}.settings"), f"{service.capitalize()}Settings"
    )
    return kind


def variables(kind: type[BaseSettings]) -> dict[str, FieldInfo]:
    """Each variable by its name in the environment."""
    return {str(field.validation_alias or name).upper(): field for name, field in kind.model_fields.items()}


def example(service: str) -> str:
    """The file: what is needed, then what may be said, one line of meaning each."""
    found = variables(settings_class(service))
    common = variables(CommonSettings)
    own = {name: field for name, field in found.items() if name not in common}
    shared = {name: field for name, field in found.items() if name in common}
    parts = [f"# Every setting of the {service} service; written from its settings class.", "", *_lines(own)]
    return "\n".join([*parts, "# --- as for every service", "", *_lines(shared)]).rstrip() + "\n"


def _lines(found: dict[str, FieldInfo]) -> list[str]:
    lines: list[str] = []
    for name, field in found.items():
        value = "" if field.is_required() or field.default is None else str(field.default)
        needed = " (needed)" if field.is_required() else ""
        value = value.lower() if isinstance(field.default, bool) else value
        lines += [
            f"# {field.description}{needed}",
            f"{'' if field.is_required() else '# '}{name}={value}",
            "",
        ]
    return lines


def path_of(service: str) -> Path:
    """Where the service's example stands."""
    return FOLDER / f"{service}.env.example"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for each in SERVICES:
        path_of(each).write_text(example(each), encoding="utf-8")
