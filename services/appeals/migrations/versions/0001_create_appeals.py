"""The event table and what stands beside it, the list of appeals, the known cases, the numbers."""

from alembic import op

from shared.persistence import plumbing

revision = "0001"
down_revision = None

APPEAL_LIST = """
    CREATE TABLE appeal_list (
        id uuid PRIMARY KEY,
        version integer NOT NULL,
        appeal_number text NOT NULL,
        incident_id uuid NOT NULL,
        case_number text NOT NULL,
        administration_year text NOT NULL,
        appeal_type text NOT NULL,
        student_ref text NOT NULL,
        test text NOT NULL,
        incident_type text NOT NULL,
        lea text NOT NULL,
        school text NOT NULL,
        status text NOT NULL,
        decider text NOT NULL,
        routing text NOT NULL,
        clock text NOT NULL,
        received_at timestamptz NOT NULL,
        decide_by timestamptz,
        due timestamptz NOT NULL,
        event_state text,
        minutes_paused integer,
        part text,
        filed_by jsonb NOT NULL,
        decided_by jsonb,
        decided_at timestamptz,
        reason text,
        comments text,
        decision_comments text,
        effect text,
        reopened_until date,
        failure text
    )
"""

KNOWN_CASES = """
    CREATE TABLE known_cases (
        case_number text PRIMARY KEY,
        incident_id uuid NOT NULL,
        administration_year text NOT NULL,
        incident_type text NOT NULL,
        appeal_types text[] NOT NULL,
        lea text NOT NULL,
        school text NOT NULL,
        test text NOT NULL,
        delivery_mode text NOT NULL,
        student_refs text[] NOT NULL,
        submitted_by jsonb NOT NULL,
        disruption_cause text
    )
"""


def upgrade() -> None:
    plumbing.create(op, "appeals_events")
    op.execute(APPEAL_LIST)
    op.execute("CREATE INDEX appeal_list_newest_idx ON appeal_list (received_at DESC, id DESC)")
    op.execute("CREATE INDEX appeal_list_lea_idx ON appeal_list (lea, received_at DESC, id DESC)")
    op.execute("CREATE INDEX appeal_list_school_idx ON appeal_list (school, received_at DESC, id DESC)")
    op.execute("CREATE INDEX appeal_list_case_idx ON appeal_list (case_number)")
    op.execute("CREATE INDEX appeal_list_queue_idx ON appeal_list (status, decider, due, id)")
    op.execute(KNOWN_CASES)
    op.execute("CREATE TABLE appeal_numbers (case_number text PRIMARY KEY, last integer NOT NULL)")


def downgrade() -> None:
    for table in ("appeal_numbers", "known_cases", "appeal_list"):
        op.execute(f"DROP TABLE {table}")
    plumbing.drop(op, "appeals_events")
