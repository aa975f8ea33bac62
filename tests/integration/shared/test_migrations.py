"""Migrations of a sample service, on an empty database, twice at once, and back."""

from __future__ import annotations

import asyncio

import pytest
from alembic import command
from sqlalchemy import create_engine

from shared.persistence.engine import async_engine, driver_url
from shared.persistence.faults import StoreUnavailable
from shared.persistence.migrations import alembic_config, heads, is_current, migrate
from shared.persistence.probe import store_trouble
from tests.support.logbooks.event_store import EventStore

SAMPLE = "tests.support.logbooks.sample_service"


def test_an_empty_database_becomes_current(database: str) -> None:
    assert not is_current(database, SAMPLE)
    migrate(database, SAMPLE)
    assert is_current(database, SAMPLE)
    assert heads(SAMPLE) == {"0002"}


def test_migrating_again_changes_nothing(database: str) -> None:
    migrate(database, SAMPLE)
    migrate(database, SAMPLE)
    assert is_current(database, SAMPLE)


async def test_several_migrators_at_once_take_turns(database: str) -> None:
    await asyncio.gather(*(asyncio.to_thread(migrate, database, SAMPLE) for _ in range(5)))
    assert is_current(database, SAMPLE)


def go_back(database: str, package: str, *, to: str) -> None:
    engine = create_engine(driver_url(database, "psycopg"))
    with engine.begin() as connection:
        config = alembic_config(package)
        config.attributes["connection"] = connection
        command.downgrade(config, to)
    engine.dispose()


def test_going_back_leaves_nothing(database: str) -> None:
    migrate(database, SAMPLE)
    go_back(database, SAMPLE, to="base")
    left = EventStore(database).rows(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
        " UNION SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
        " UNION SELECT typname FROM pg_type WHERE typnamespace = 'public'::regnamespace"
    )
    assert {row[0] for row in left} <= {"alembic_version", "alembic_version_pkc", "_alembic_version"}


@pytest.mark.parametrize("service", ["incidents", "appeals", "notifications"])
def test_the_newest_step_of_a_service_can_be_taken_back_and_again(database: str, service: str) -> None:
    package = f"services.{service}"
    migrate(database, package)
    go_back(database, package, to="-1")
    assert not is_current(database, package)
    migrate(database, package)
    assert is_current(database, package)


async def test_a_database_is_usable_once_it_is_migrated(database: str) -> None:
    engine = async_engine(database)
    assert await store_trouble(engine, SAMPLE)
    migrate(database, SAMPLE)
    assert await store_trouble(engine, SAMPLE) is None
    await engine.dispose()


async def test_a_database_that_is_away_is_not_usable() -> None:
    engine = async_engine("postgresql://nobody@127.0.0.1:1/nothing")
    assert await store_trouble(engine, SAMPLE)
    with pytest.raises(StoreUnavailable):
        migrate("postgresql://nobody@127.0.0.1:1/nothing", SAMPLE)
