"""A search finds what one may see case by case: ``in_scope`` says in SQL what ``Actor.sees`` says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from shared.kernel.actor import STATEWIDE, Actor, Role
from shared.persistence.scope import in_scope

OURS, NEIGHBOURS, OTHERS = "19647331932045", "19647336012345", "37683380000001"
PLACES = sa.table("places", sa.column("lea", sa.Text), sa.column("school", sa.Text))
LOCAL = sorted(set(Role) - STATEWIDE)


@pytest.fixture(scope="module")
def connection() -> Iterator[sa.Connection]:
    """Our school, one of the same LEA, one of another, and a row that names no place."""
    engine = sa.create_engine("sqlite://")
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE places (lea text, school text)"))
        rows = [{"lea": school[:7], "school": school} for school in (OURS, NEIGHBOURS, OTHERS)]
        connection.execute(sa.insert(PLACES), [*rows, {"lea": None, "school": None}])
        yield connection
    engine.dispose()


def seen(connection: sa.Connection, actor: Actor) -> set[str | None]:
    scope = in_scope(actor, lea=PLACES.c.lea, school=PLACES.c.school)
    return set(connection.scalars(sa.select(PLACES.c.school).where(scope)))


def somebody(role: Role, lea: str | None = OURS[:7], school: str | None = OURS) -> Actor:
    return Actor("sub", "Name", "name@x.example.org", role, lea, school)


@pytest.mark.shows("HR-29")
@pytest.mark.parametrize("role", Role)
def test_every_role_finds_what_it_would_see_one_by_one(connection: sa.Connection, role: Role) -> None:
    actor = somebody(role)
    alone = {school for school in (OURS, NEIGHBOURS, OTHERS) if actor.sees(school)}
    assert seen(connection, actor) - {None} == alone


@pytest.mark.parametrize("role", sorted(STATEWIDE))
def test_the_state_finds_what_has_no_place_too(connection: sa.Connection, role: Role) -> None:
    assert seen(connection, somebody(role, None, None)) == {OURS, NEIGHBOURS, OTHERS, None}


@pytest.mark.parametrize("role", LOCAL)
def test_who_names_no_place_finds_nothing(connection: sa.Connection, role: Role) -> None:
    assert seen(connection, somebody(role, None, None)) == set()


def test_an_lea_coordinator_has_an_lea_not_a_school(connection: sa.Connection) -> None:
    assert seen(connection, somebody(Role.LEA_COORDINATOR, None, OURS)) == set()
