"""An epoch of key-encryption keys is retired by an act; no key is wrapped under it from then on."""

from alembic import op

from shared.persistence import wall

revision = "0011"
down_revision = "0010"

SIGNATURE = "student_keys_for(text[], bytea[], text, date, integer)"

RETIRED = """
    CREATE TABLE retired_key_epochs (
        epoch integer PRIMARY KEY,
        retired_by text NOT NULL,
        retired_at timestamptz NOT NULL DEFAULT now()
    )
"""

# the epoch of a wrapped key, as services/incidents/providers/keyring.py writes it; null: of no known form
EPOCH = """
    CREATE FUNCTION key_epoch(wrapped bytea) RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $body$
        SELECT CASE
            WHEN octet_length(wrapped) = 61 AND get_byte(wrapped, 0) = 1 THEN 1
            WHEN octet_length(wrapped) = 65 AND get_byte(wrapped, 0) = 2 THEN
                (get_byte(wrapped, 1) << 24) | (get_byte(wrapped, 2) << 16)
                | (get_byte(wrapped, 3) << 8) | get_byte(wrapped, 4)
        END
    $body$
"""

# After the keys are put in: whoever retires an epoch locks the table first, and so either finds them there,
# or has ended before they were.
REFUSE = """
            IF EXISTS (
                SELECT FROM retired_key_epochs r
                WHERE r.epoch IN (SELECT key_epoch(o.key) FROM unnest(fresh) AS o (key))
            ) THEN
                RAISE EXCEPTION 'the key-encryption key is retired' USING ERRCODE = 'STOLD';
            END IF;
"""

KEYS_FOR = """
    CREATE OR REPLACE FUNCTION student_keys_for(
        refs text[], fresh bytea[], who text, on_day date, most integer
    )
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
            -- whether their epoch is retired
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
    op.execute(RETIRED)
    op.execute(EPOCH)
    op.execute(KEYS_FOR.replace("-- whether their epoch is retired", REFUSE.strip()))
    wall.run_as_owner(op, SIGNATURE)


def downgrade() -> None:
    op.execute(KEYS_FOR.replace("            -- whether their epoch is retired\n", ""))
    wall.run_as_owner(op, SIGNATURE)
    op.execute("DROP FUNCTION key_epoch")
    op.execute("DROP TABLE retired_key_epochs")
