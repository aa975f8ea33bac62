"""The service's README says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from services.notifications import __file__ as package
from services.notifications.messaging.inbound import handlers
from services.notifications.read_model.tables import metadata
from services.notifications.settings import NotificationsSettings
from shared.contracts import notifications_v1
from shared.contracts.envelope import Published
from tests.support.notifications.desk import NotificationDesk

README = (Path(package).parent / "README.md").read_text("utf-8")


def section(title: str) -> str:
    return README.split(f"## {title}\n")[1].split("\n## ")[0]


def named(title: str) -> set[str]:
    return set(re.findall(r"`([^`\s]+)`", section(title)))


def test_the_events_published_are_those_of_the_contract() -> None:
    kinds = [kind for kind in vars(notifications_v1).values() if isinstance(kind, type)]
    types = {kind.TYPE for kind in kinds if issubclass(kind, Published) and "TYPE" in vars(kind)}
    assert named("Events published") == types


def test_the_events_consumed_are_those_that_have_a_handler() -> None:
    desk = NotificationDesk()
    assert named("Events consumed") == set(handlers(lambda _unit: desk.messages, desk.clock))


def test_the_tables_are_named() -> None:
    assert {table.name for table in metadata.sorted_tables} <= named("Tables")


def test_every_setting_of_this_service_is_named() -> None:
    ours = {
        str(field.validation_alias)
        for field in NotificationsSettings.model_fields.values()
        if field.validation_alias
    }
    assert {name for name in named("Settings") if name.startswith("NOTIFICATIONS_")} == ours
