"""The database's own wall (ADR 0028): what holds when the application forgets to ask."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from psycopg.types.json import Jsonb
from sqlalchemy import create_engine
from sqlalchemy.ext.asyncio import AsyncEngine

from services.appeals.bootstrap import APPEALS
from services.appeals.read_model.queries import AppealCriteria, AppealOrder, AppealQueries
from services.incidents.bootstrap import INCIDENTS
from services.incidents.read_model.concern_list import ConcernSearch
from services.incidents.read_model.queries import CaseCriteria, CaseSearch
from services.notifications.bootstrap import NOTIFICATIONS
from services.notifications.read_model.queries import MessageCriteria, MessageQueries
from shared.deadlines.search import DeadlineCriteria, DeadlineSearch
from shared.kernel.actor import Actor, Role
from shared.persistence.codec import Codec
from shared.persistence.engine import async_engine, driver_url
from shared.persistence.migrations import alembic_config, migrate, role_of
from shared.persistence.privileges import Privileges, grant
from shared.persistence.rebuild import rebuild
from shared.persistence.scope import EVERY_ROW
from shared.persistence.tail import Tail
from shared.process import preflight
from tests.support.authorisation.expected import EXPECTED, Target, sees
from tests.support.authorisation.worlds import PLACES, TELLERS
from tests.support.http.tokens import EVERYBODY, TEST_EXAMINER
from tests.support.servers.two_roles import TwoRoles, two_roles

SERVICES: Mapping[str, Any] = {each.name: each for each in (INCIDENTS, APPEALS, NOTIFICATIONS)}
NOON = datetime(2019, 4, 12, 19, 0, tzinfo=UTC)
STUDENT, ADDRESS = "stu_aaaaaaaaaaaaaaaaaaaaaaaaaa", "desk@district.example.org"
FORGETFUL = (
    "services.incidents.read_model.queries",
    "services.incidents.read_model.concern_list",
    "services.appeals.read_model.queries",
    "services.notifications.read_model.queries",
    "shared.deadlines.search",
)
"""Where searches put the caller's scope into their question."""

LISTS: Mapping[str, Sequence[str]] = {
    "incidents": ("listCases", "searchCases", "listConcerns", "listDeadlines"),
    "appeals": ("listAppeals", "listDeadlines"),
    "notifications": ("listNotifications", "listNotifications, by address", "listDeadlines"),
}

APPEND = (
    "SELECT {}_events_append(ARRAY[gen_random_uuid()], ARRAY[1], ARRAY['t'], ARRAY[%s::bytea],"
    " ARRAY[]::text[], ARRAY[]::text[], ARRAY[]::bytea[], ARRAY[]::int[], ARRAY[]::text[], ARRAY[]::bytea[])"
)
Rows = Sequence[Mapping[str, Any]]


def privileges_of(service: str, role: str) -> Privileges:
    found = SERVICES[service]
    return Privileges(role, found.table, found.guarded)


@pytest.fixture(scope="module")
def walled(postgres_server: str) -> Iterator[Mapping[str, TwoRoles]]:
    """Each service's database, with a row of each list at each place."""
    with ExitStack() as stack:
        made = {}
        for name, service in SERVICES.items():
            made[name] = database = stack.enter_context(two_roles(postgres_server))
            migrate(database.owner, service.package, privileges_of(name, role_of(database.service)))
            for projection in service.projections:
                for place in PLACES:
                    fill(database, projection.table, place)
        yield made


def fill(database: TwoRoles, table: sa.Table, place: str) -> None:
    """A row of this place, with something in every column."""
    lea, school = PLACES[place]
    told = {
        "lea": lea,
        "school": school,
        "recorded_by": Jsonb({"sub": TELLERS[place].sub}),
        "student_refs": [STUDENT],
        "addresses": [ADDRESS],
    }
    row = {column.name: told.get(column.name, anything(column.type)) for column in table.columns}
    named, places = ", ".join(row), ", ".join(["%s"] * len(row))
    database.as_admin(f"INSERT INTO {table.name} ({named}) VALUES ({places})", *row.values())  # noqa: S608 - our own table


def anything(kind: sa.types.TypeEngine[Any]) -> object:
    made: Mapping[type[sa.types.TypeEngine[Any]], object] = {
        sa.Uuid: uuid4(),
        sa.DateTime: NOON,
        sa.Date: NOON.date(),
        sa.Boolean: False,
        sa.Integer: 1,
        sa.ARRAY: [],
        sa.JSON: Jsonb({}),
    }
    return next((value for of, value in made.items() if isinstance(kind, of)), "words")


def searches(service: str, engine: AsyncEngine) -> Mapping[str, Callable[[Actor], Awaitable[Rows]]]:
    """The questions of each list, as the routes ask them; of concerns, without who told them."""

    def deadlines(actor: Actor) -> Awaitable[Rows]:
        return DeadlineSearch(engine).find(DeadlineCriteria(), actor, after=None, limit=100)

    def cases(actor: Actor, student: str | None = None) -> Awaitable[Rows]:
        criteria = CaseCriteria(student_ref=student)
        return CaseSearch(engine).find(criteria, actor, after=None, limit=100)

    def messages(actor: Actor, address: str | None = None) -> Awaitable[Rows]:
        return MessageQueries(engine).page(actor, MessageCriteria(recipient=address), limit=100)

    def appeals(actor: Actor) -> Awaitable[Rows]:
        order = AppealOrder.NEWEST
        return AppealQueries(engine).search(
            actor, AppealCriteria(), now=NOON, order=order, limit=100, after=None
        )

    of_service: Mapping[str, Mapping[str, Callable[[Actor], Awaitable[Rows]]]] = {
        "incidents": {
            "listCases": cases,
            "searchCases": lambda actor: cases(actor, STUDENT),
            "listConcerns": lambda actor: ConcernSearch(engine).find(
                actor, told_by=None, after=None, limit=100
            ),
        },
        "appeals": {"listAppeals": appeals},
        "notifications": {
            "listNotifications": messages,
            "listNotifications, by address": lambda actor: messages(actor, ADDRESS.upper()),
        },
    }
    return {**of_service[service], "listDeadlines": deadlines}


def targets(name: str) -> list[Target]:
    told = name == "listConcerns"
    return [
        Target(place, lea, school, TELLERS[place].sub if told else "")
        for place, (lea, school) in PLACES.items()
    ]


@pytest.mark.parametrize("service", SERVICES)
async def test_the_lists_are_kept_by_policies_alone(
    service: str,
    walled: Mapping[str, TwoRoles],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The cells of the matrix, asked of searches that have forgotten whom they answer."""
    for module in FORGETFUL:
        monkeypatch.setattr(f"{module}.in_scope", lambda *_args, **_columns: sa.true())
    engine = async_engine(walled[service].service)
    asked = searches(service, engine)
    assert set(asked) == set(LISTS[service])
    cells, leaks, missing = 0, [], []
    for name, search in asked.items():
        row = EXPECTED[service][name.partition(",")[0]]
        for caller in (*EVERYBODY, replace(TEST_EXAMINER, sub="ta-1"), nowhere()):
            reach = row.may.get(caller.role)
            if caller.role is Role.SYSTEM and reach is None:
                continue  # no question of scope: under its name workers fold the list of concerns
            expected = {each.school for each in targets(name) if reach and sees(reach, caller, each)}
            shown = {found["school"] for found in await search(caller)}
            cells += len(PLACES)
            leaks += [f"{name} shows {caller.sub} {school}" for school in shown - expected]
            missing += [f"{name} hides {school} from {caller.sub}" for school in expected - shown]
    await engine.dispose()
    with capsys.disabled():
        sys.stdout.write(f"\n{service}: {cells} cells of lists by policies alone, {len(leaks)} leaks\n")
    assert (leaks, missing) == ([], [])


def nowhere() -> Actor:
    """A coordinator whose token names no place."""
    return replace(EVERYBODY[0], sub="nowhere", lea=None)


@pytest.mark.parametrize("service", SERVICES)
async def test_whoever_names_no_caller_sees_nothing_and_a_worker_sees_all(
    service: str, walled: Mapping[str, TwoRoles]
) -> None:
    counted = {}
    for session in (None, EVERY_ROW):
        engine = async_engine(walled[service].service, session=session)
        async with engine.connect() as connection:
            for projection in SERVICES[service].projections:
                count = await connection.scalar(sa.select(sa.func.count()).select_from(projection.table))
                counted[projection.name, session is EVERY_ROW] = count
        await engine.dispose()
    assert {key: count for key, count in counted.items() if count != (len(PLACES) if key[1] else 0)} == {}


@pytest.mark.parametrize("service", SERVICES)
async def test_a_caller_is_named_for_one_transaction_only(
    service: str, walled: Mapping[str, TwoRoles]
) -> None:
    """Of a pool with one connection, so that the next question is asked on the same."""
    engine = async_engine(walled[service].service, size=1)
    search = searches(service, engine)["listDeadlines"]
    assert len(await search(EVERYBODY[0])) == 2
    async with engine.connect() as connection:
        assert await connection.scalar(sa.text("SELECT count(*) FROM deadlines")) == 0
        assert await connection.scalar(sa.text("SELECT current_setting('stairs.role', true)")) in (None, "")
    await engine.dispose()


FORBIDDEN = (
    "CREATE TABLE mine (id int)",
    "CREATE TEMPORARY TABLE {events} (id int)",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "ALTER TABLE {events} DISABLE TRIGGER ALL",
    "ALTER TABLE deadlines DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE deadlines ADD COLUMN mine int",
    "DROP POLICY seen_by_caller ON deadlines",
    "DROP TABLE deadlines",
    "CREATE INDEX ON deadlines (title)",
    "TRUNCATE deadlines",
    "INSERT INTO {events} VALUES (gen_random_uuid(), 1, 't', '')",
    "UPDATE {events} SET topic = ''",
    "DELETE FROM {events}",
    "TRUNCATE {events}",
    "SELECT setval('{events}_notification_id_seq', 1)",
    "INSERT INTO receipts SELECT * FROM receipts",
    "UPDATE receipts SET body = ''",
    "UPDATE alembic_version SET version_num = '0001'",
    "SET ROLE {owner}",
)
OF_KEYS = (
    "INSERT INTO student_keys VALUES ('stu_x', '')",
    "UPDATE student_keys SET wrapped_key = ''",
    "UPDATE student_keys SET named = false",
    "UPDATE student_keys SET asked_at = now() - interval '2 days'",
    "DELETE FROM student_keys",
    "TRUNCATE student_keys",
    "INSERT INTO erased_students VALUES ('stu_x', 'because')",
    "DELETE FROM erased_students",
    "UPDATE new_students SET count = 0",
    "UPDATE student_keys_named SET position = 9999",
    "INSERT INTO retired_key_epochs VALUES (1, 'me')",
    "DELETE FROM retired_key_epochs",
    "ALTER TABLE student_keys DISABLE TRIGGER ALL",
)


@pytest.mark.parametrize("service", SERVICES)
def test_the_role_of_a_service_makes_no_tables_and_changes_no_facts(
    service: str, walled: Mapping[str, TwoRoles]
) -> None:
    database = walled[service]
    names = {"events": f"{service}_events", "owner": f"{database.role}_owner"}
    done = []
    for statement in (*FORBIDDEN, *(OF_KEYS if service == "incidents" else ())):
        try:
            database.as_service(statement.format(**names))
        except psycopg.errors.InsufficientPrivilege:
            continue
        done.append(statement)
    assert done == []


def test_a_student_is_erased_by_the_function_with_a_reason(walled: Mapping[str, TwoRoles]) -> None:
    database = walled["incidents"]
    make = "SELECT student_keys_for(ARRAY[%s], ARRAY['x'::bytea], 'me', '2019-04-12', 9)"
    for ref in ("stu_one", "stu_two"):
        database.as_service(make, ref)
    for reason in ("", " ", None):
        with pytest.raises(psycopg.errors.RaiseException):
            database.as_service("SELECT erase_student('stu_one', %s)", reason)
    assert database.as_service("SELECT erase_student('stu_one', 'a parent asked for it')") == [(True,)]
    sly = "SELECT set_config('stairs.unnamed', 'on', false), erase_student('stu_two', 'because')"
    database.as_service(sly)
    erased = database.as_service("SELECT student_ref, reason FROM erased_students ORDER BY 1")
    assert erased == [("stu_one", "a parent asked for it"), ("stu_two", "because")]
    assert database.as_service("SELECT count(*) FROM student_keys") == [(0,)]


def test_keys_that_a_fact_names_cannot_be_taken_for_unnamed(walled: Mapping[str, TwoRoles]) -> None:
    database, ref = walled["incidents"], f"stu_{'b' * 26}"
    make = "SELECT student_keys_for(ARRAY[%s], ARRAY['x'::bytea], 'me', '2019-04-12', 9)"
    for each in (ref, "stu_unused"):
        database.as_service(make, each)
    database.as_admin("UPDATE student_keys SET asked_at = now() - interval '2 days'")
    database.as_service(APPEND.format("incidents"), ref.encode())
    assert database.as_service("SELECT remove_unnamed_keys()") == [(1,)]
    assert database.as_service("SELECT student_ref FROM student_keys") == [(ref,)]
    assert database.as_service("SELECT count(*) FROM erased_students WHERE student_ref = 'stu_unused'") == [
        (0,)
    ]


WALL = """
    SELECT p.policyname, p.permissive, p.roles, p.cmd, p.qual, p.with_check, c.relrowsecurity,
           (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(c.relacl) a), c.relowner::regrole::text
    FROM pg_class c LEFT JOIN pg_policies p ON p.tablename = c.relname
    WHERE c.oid = %s::regclass
"""


@pytest.mark.parametrize("service", SERVICES)
async def test_the_swap_of_a_rebuild_carries_the_policies(service: str, postgres_server: str) -> None:
    with two_roles(postgres_server) as database:
        migrate(database.owner, SERVICES[service].package, privileges_of(service, database.role))
        engine = async_engine(database.owner)
        tail = Tail(database.owner, f"{service}_events", Codec())
        for projection in SERVICES[service].projections:
            name = projection.name
            before = database.as_admin(WALL, name), database.as_admin("SELECT %s::regclass::oid", name)
            assert await rebuild(engine, tail, projection, progress=lambda *_: None) == 0
            after = database.as_admin(WALL, name), database.as_admin("SELECT %s::regclass::oid", name)
            assert (before[0][0][0], after[0], after[1] != before[1]) == ("seen_by_caller", before[0], True)
        await tail.close()
        await engine.dispose()


def test_a_rebuild_is_not_for_the_role_of_a_service(walled: Mapping[str, TwoRoles]) -> None:
    with pytest.raises(SystemExit):
        preflight.owner("APPEALS_OWNER_DATABASE_URL", walled["appeals"].service)
    preflight.owner("APPEALS_OWNER_DATABASE_URL", walled["appeals"].owner)


@pytest.mark.parametrize("service", SERVICES)
def test_a_store_of_the_version_before_changes_hands(service: str, postgres_server: str) -> None:
    """One role was both; ``roles.sql`` reassigns what is there, and ``migrate`` puts up the wall."""
    package = SERVICES[service].package
    with two_roles(postgres_server) as database:
        database.as_admin(f"ALTER DATABASE {database.role} OWNER TO {database.role}")
        before_the_wall(database.service, package)
        append = APPEND.format(service)
        database.as_service(append, b"")
        database.as_admin(f"ALTER DATABASE {database.role} OWNER TO {database.role}_owner")
        database.as_admin(f"GRANT CONNECT ON DATABASE {database.role} TO {database.role}")
        database.as_admin(f"REASSIGN OWNED BY {database.role} TO {database.role}_owner")
        for _ in range(2):
            migrate(database.owner, package, privileges_of(service, database.role))
        assert database.as_service(append, b"") == [(2,)]
        assert database.as_service(f"SELECT count(*) FROM {service}_events") == [(2,)]  # noqa: S608
        assert database.as_service("SELECT row_security_active('deadlines')") == [(True,)]
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            database.as_service("DROP TABLE deadlines")


def before_the_wall(url: str, package: str) -> None:
    engine = create_engine(driver_url(url, "psycopg"))
    with engine.begin() as connection:
        config = alembic_config(package)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        command.downgrade(config, "-1")
    engine.dispose()


def test_where_one_role_is_both_nothing_is_granted_and_all_goes_on(postgres_server: str) -> None:
    with two_roles(postgres_server) as database:
        database.as_admin(f"ALTER DATABASE {database.role} OWNER TO {database.role}")
        privileges = privileges_of("appeals", database.role)
        migrate(database.service, APPEALS.package, privileges)
        engine = create_engine(driver_url(database.service, "psycopg"))
        with engine.connect() as connection:
            assert grant(connection, privileges) is False
        engine.dispose()
        assert database.as_service("SELECT row_security_active('deadlines')") == [(False,)]


def test_the_question_itself_keeps_its_index(walled: Mapping[str, TwoRoles]) -> None:
    """Only operators that leak nothing may go before a policy: those of places, instants and ids do."""
    leaky = """
        SELECT oprcode::text FROM pg_operator JOIN pg_proc p ON p.oid = oprcode
        WHERE NOT proleakproof AND oprcode::text IN ('texteq', 'booleq', 'uuid_eq', 'uuid_lt', 'uuid_gt',
            'timestamptz_lt', 'timestamptz_gt', 'timestamptz_ge')
    """
    assert walled["incidents"].as_admin(leaky) == []
