"""Keys of students are known, erased or unknown; new students are counted; unnamed keys are found."""

from alembic import op

revision = "0008"
down_revision = "0007"

ERASED = """
    CREATE TABLE erased_students (
        student_ref text PRIMARY KEY,
        reason text NOT NULL,
        erased_at timestamptz NOT NULL DEFAULT now()
    )
"""
NEW = """
    CREATE TABLE new_students (
        caller text NOT NULL,
        day date NOT NULL,
        count integer NOT NULL,
        PRIMARY KEY (caller, day)
    )
"""

# whoever deletes a key erases the student, and it stays on record that there was one
ON_DELETE = """
    CREATE FUNCTION student_key_deleted() RETURNS trigger LANGUAGE plpgsql AS $body$
    BEGIN
        IF coalesce(current_setting('stairs.unnamed', true), '') <> 'on' THEN
            INSERT INTO erased_students (student_ref, reason)
            VALUES (
                OLD.student_ref,
                coalesce(nullif(current_setting('stairs.reason', true), ''), 'deleted by hand')
            )
            ON CONFLICT DO NOTHING;
        END IF;
        RETURN NULL;
    END
    $body$
"""
TRIGGER = """
    CREATE TRIGGER student_keys_deleted AFTER DELETE ON student_keys
    FOR EACH ROW EXECUTE FUNCTION student_key_deleted()
"""

ERASE = r"""
    CREATE FUNCTION erase_student(ref text, reason text) RETURNS boolean LANGUAGE plpgsql AS $body$
    DECLARE
        had_key boolean;
    BEGIN
        IF coalesce(btrim(reason), '') = '' OR reason ~ '\d{10}' THEN
            RAISE EXCEPTION 'An erasure needs a reason, and no SSID in it.';
        END IF;
        PERFORM set_config('stairs.reason', reason, true);
        DELETE FROM student_keys WHERE student_ref = ref;
        had_key := FOUND;
        PERFORM set_config('stairs.reason', '', true);
        RETURN had_key;
    END
    $body$
"""

# the keys of students, made where they are new; no key for those who are erased
KEYS_FOR = """
    CREATE FUNCTION student_keys_for(refs text[], fresh bytea[], who text, on_day date, most integer)
    RETURNS TABLE (student_ref text, wrapped_key bytea) LANGUAGE plpgsql AS $body$
    #variable_conflict use_column
    DECLARE
        added integer;
        today integer;
    BEGIN
        WITH put AS (
            INSERT INTO student_keys AS k (student_ref, wrapped_key)
            SELECT o.ref, o.key FROM unnest(refs, fresh) AS o (ref, key)
            WHERE NOT EXISTS (SELECT FROM erased_students e WHERE e.student_ref = o.ref)
            ON CONFLICT (student_ref) DO UPDATE SET asked_at = now() WHERE NOT k.named
            RETURNING (xmax = 0) AS is_new
        )
        SELECT count(*) FILTER (WHERE is_new) INTO added FROM put;
        IF added > 0 THEN
            INSERT INTO new_students AS n (caller, day, count) VALUES (who, on_day, added)
            ON CONFLICT (caller, day) DO UPDATE SET count = n.count + added
            RETURNING n.count INTO today;
            IF today > most THEN
                RAISE EXCEPTION 'too many new students' USING ERRCODE = 'STNEW';
            END IF;
        END IF;
        RETURN QUERY
        SELECT k.student_ref, k.wrapped_key FROM student_keys k
        WHERE k.student_ref = ANY (refs)
          AND NOT EXISTS (SELECT FROM erased_students e WHERE e.student_ref = k.student_ref);
    END
    $body$
"""


def upgrade() -> None:
    op.execute(
        "ALTER TABLE student_keys ADD COLUMN named boolean NOT NULL DEFAULT false,"
        " ADD COLUMN asked_at timestamptz NOT NULL DEFAULT now()"
    )
    op.execute("CREATE INDEX student_keys_unnamed_idx ON student_keys (asked_at) WHERE NOT named")
    for statement in (ERASED, NEW, ON_DELETE, TRIGGER, ERASE, KEYS_FOR):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER student_keys_deleted ON student_keys")
    op.execute("DROP FUNCTION student_key_deleted, erase_student, student_keys_for")
    op.execute("DROP TABLE erased_students, new_students")
    op.execute("ALTER TABLE student_keys DROP COLUMN named, DROP COLUMN asked_at")
