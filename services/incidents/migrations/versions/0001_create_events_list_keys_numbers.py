"""The event table and what stands beside it, the list of cases, the students' keys, the numbers."""

from alembic import op

from shared.persistence import plumbing

revision = "0001"
down_revision = None

CASE_LIST = """
    CREATE TABLE case_list (
        id uuid PRIMARY KEY,
        version integer NOT NULL,
        status text NOT NULL,
        sub_status text,
        case_number text,
        administration_year text,
        incident_type text NOT NULL,
        incident_title text NOT NULL,
        severity text NOT NULL,
        recommended_action text NOT NULL,
        pre_action text,
        appeal_types text[] NOT NULL,
        cde_copy boolean NOT NULL,
        lea text NOT NULL,
        school text NOT NULL,
        grade text,
        test text,
        delivery_mode text,
        student_count integer,
        student_refs text[] NOT NULL,
        occurred_at timestamptz,
        discovered_at timestamptz,
        report_due_at timestamptz,
        late boolean NOT NULL,
        drafted_at timestamptz NOT NULL,
        submitted_at timestamptz,
        submitted_by jsonb,
        appeals jsonb NOT NULL
    )
"""


def upgrade() -> None:
    plumbing.create(op, "incidents_events")
    op.execute(CASE_LIST)
    op.execute("CREATE INDEX case_list_newest_idx ON case_list (drafted_at DESC, id DESC)")
    op.execute("CREATE INDEX case_list_lea_idx ON case_list (lea, drafted_at DESC, id DESC)")
    op.execute("CREATE INDEX case_list_school_idx ON case_list (school, drafted_at DESC, id DESC)")
    op.execute("CREATE INDEX case_list_case_number_idx ON case_list (case_number)")
    op.execute("CREATE INDEX case_list_submitted_at_idx ON case_list (submitted_at)")
    op.execute("CREATE INDEX case_list_student_refs_idx ON case_list USING gin (student_refs)")
    op.execute(
        "CREATE TABLE student_keys (student_ref text PRIMARY KEY, wrapped_key bytea NOT NULL,"
        " created_at timestamptz NOT NULL DEFAULT now())"
    )
    op.execute("CREATE TABLE case_numbers (year text PRIMARY KEY, last integer NOT NULL)")


def downgrade() -> None:
    for table in ("case_numbers", "student_keys", "case_list"):
        op.execute(f"DROP TABLE {table}")
    plumbing.drop(op, "incidents_events")
