"""The role of the service appends, seals and erases by functions, and sees of a list what its caller sees."""

from alembic import op

from shared.persistence import wall

revision = "0010"
down_revision = "0009"

LISTS = {"case_list": "", "concern_list": wall.OWN_WORDS, "deadlines": ""}
AS_OWNER = (
    f"incidents_events_append({wall.APPEND})",
    "erase_student(text, text)",
    "student_keys_for(text[], bytea[], text, date, integer)",
)

# The operator of arrays may answer before the policy only inside a function of the owner's, where there is
# none; whoever asks by a reference sees of these cases what the policy shows.
OF_STUDENT = """
    CREATE FUNCTION cases_of_student(ref text) RETURNS SETOF uuid LANGUAGE sql STABLE ROWS 10 AS $body$
        SELECT id FROM case_list WHERE student_refs @> ARRAY[ref]
    $body$
"""

# How far facts were read for the students whom they name: out of reach of whoever may not delete keys.
NAMED_UNTIL = "CREATE TABLE student_keys_named (position bigint NOT NULL)"

NAME = """
    CREATE FUNCTION name_student_keys(most integer) RETURNS boolean LANGUAGE plpgsql AS $body$
    DECLARE
        reached bigint;
        newest bigint;
    BEGIN
        SELECT position INTO STRICT reached FROM student_keys_named FOR UPDATE;
        WITH page AS (
            SELECT notification_id, state FROM incidents_events
            WHERE notification_id > reached ORDER BY notification_id LIMIT most
        ), found AS (
            SELECT DISTINCT (regexp_matches(encode(state, 'escape'), 'stu_[a-z0-9]{26}', 'g'))[1] AS ref
            FROM page
        ), marked AS (
            UPDATE student_keys SET named = true FROM found WHERE student_ref = found.ref AND NOT named
        )
        SELECT max(notification_id) INTO newest FROM page;
        IF newest IS NULL THEN
            RETURN false;
        END IF;
        UPDATE student_keys_named SET position = newest;
        RETURN true;
    END
    $body$
"""

# Keys that no fact names and nobody asked for in a day; the counts of new students, a week old.
REMOVE = """
    CREATE FUNCTION remove_unnamed_keys() RETURNS integer LANGUAGE plpgsql AS $body$
    DECLARE
        removed integer;
    BEGIN
        WHILE name_student_keys(2000) LOOP
        END LOOP;
        PERFORM set_config('stairs.unnamed', 'on', true);
        DELETE FROM student_keys WHERE NOT named AND asked_at < now() - interval '1 day';
        GET DIAGNOSTICS removed = ROW_COUNT;
        PERFORM set_config('stairs.unnamed', '', true);
        DELETE FROM new_students WHERE day < now() - interval '7 days';
        RETURN removed;
    END
    $body$
"""

# As before; but what the caller has set can no longer pass an erasure off as the removal of an unnamed key.
ERASE = r"""
    CREATE OR REPLACE FUNCTION erase_student(ref text, reason text) RETURNS boolean LANGUAGE plpgsql AS $body$
    DECLARE
        had_key boolean;
    BEGIN
        IF coalesce(btrim(reason), '') = '' OR reason ~ '\d{10}' THEN
            RAISE EXCEPTION 'An erasure needs a reason, and no SSID in it.';
        END IF;
        PERFORM set_config('stairs.unnamed', '', true);
        PERFORM set_config('stairs.reason', reason, true);
        DELETE FROM student_keys WHERE student_ref = ref;
        had_key := FOUND;
        PERFORM set_config('stairs.reason', '', true);
        RETURN had_key;
    END
    $body$
"""


def upgrade() -> None:
    op.execute(NAMED_UNTIL)
    op.execute(
        "INSERT INTO student_keys_named"
        " SELECT coalesce(max(position), 0) FROM positions WHERE name = 'student_keys'"
    )
    op.execute("DELETE FROM positions WHERE name = 'student_keys'")
    for statement in (OF_STUDENT, NAME, REMOVE, ERASE):
        op.execute(statement)
    for function in (
        *AS_OWNER,
        "cases_of_student(text)",
        "name_student_keys(integer)",
        "remove_unnamed_keys()",
    ):
        wall.run_as_owner(op, function)
    for table, also in LISTS.items():
        wall.show_by_caller(op, table, also)


def downgrade() -> None:
    for table in LISTS:
        wall.show_all(op, table)
    for function in AS_OWNER:
        wall.run_as_caller(op, function)
    op.execute("DROP FUNCTION remove_unnamed_keys, name_student_keys, cases_of_student")
    op.execute("INSERT INTO positions SELECT 'student_keys', position FROM student_keys_named")
    op.execute("DROP TABLE student_keys_named")
