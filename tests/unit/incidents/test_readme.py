"""The service's README says what the code does."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from services.incidents import __file__ as package
from services.incidents.domain import errors
from services.incidents.messaging.inbound import of_appeals, of_ourselves
from services.incidents.messaging.mail import of_notifications
from services.incidents.read_model.tables import METADATA
from services.incidents.settings import IncidentsSettings
from shared.contracts import incidents_v1
from shared.contracts.envelope import Published
from shared.kernel.errors import Conflict, Invalid, Refusal

README = (Path(package).parent / "README.md").read_text("utf-8")


def section(title: str) -> str:
    return README.split(f"## {title}\n")[1].split("\n## ")[0]


def named(title: str) -> set[str]:
    return set(re.findall(r"`([^`\s]+)`", section(title)))


def refusals() -> list[type[Refusal]]:
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, Refusal)]
    return [kind for kind in kinds if kind.__module__ == errors.__name__]


def test_the_events_published_are_those_of_the_contract() -> None:
    kinds = [kind for kind in vars(incidents_v1).values() if isinstance(kind, type)]
    types = {kind.TYPE for kind in kinds if issubclass(kind, Published) and "TYPE" in vars(kind)}
    assert named("Events published") == types


def test_the_events_consumed_are_those_that_have_a_handler() -> None:
    assert named("Events consumed") == {*of_appeals(), *of_notifications(), *of_ourselves()}


def test_the_tables_are_named() -> None:
    tables = {table.name for table in METADATA.sorted_tables}
    assert {*tables, "student_keys", "case_numbers"} <= named("Tables")


def test_every_setting_of_this_service_is_named() -> None:
    ours = {
        str(field.validation_alias)
        for field in IncidentsSettings.model_fields.values()
        if field.validation_alias
    }
    assert {name for name in named("Settings") if name.startswith(("INCIDENTS_", "SHARE_"))} == ours


def test_every_refusal_code_a_caller_can_get_is_named() -> None:
    codes = {kind.code for kind in refusals() if issubclass(kind, Invalid | Conflict)}
    assert codes - {"case_not_submitted"} <= named("Commands")  # that one is for appeals' messages


def test_the_tree_of_refusals_in_the_docstring_is_the_code() -> None:
    drawn = dict(re.findall(r"[├└]── (\w+)\s+(\w+)", errors.__doc__ or ""))
    assert drawn == {kind.__name__: kind.code for kind in refusals()}
