"""Which rights the role of a service has on which table."""

from __future__ import annotations

import pytest

from services.incidents.bootstrap import INCIDENTS
from shared.persistence.privileges import NOTHING, ORDINARY, READ, Privileges

GRANTED = Privileges("incidents", INCIDENTS.table, INCIDENTS.guarded)


@pytest.mark.parametrize(
    ("table", "rights"),
    [
        ("incidents_events", READ),
        ("student_keys", READ),
        ("erased_students", READ),
        ("retired_key_epochs", READ),
        ("alembic_version", READ),
        ("new_students", NOTHING),
        ("student_keys_named", NOTHING),
        ("receipts", "SELECT, DELETE"),
        ("case_list", ORDINARY),
        ("inbox", ORDINARY),
    ],
)
def test_what_is_guarded_gives_less_than_the_ordinary(table: str, rights: str) -> None:
    assert GRANTED.of(table) == rights
