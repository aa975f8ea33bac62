"""The list of concerns."""

from alembic import op

revision = "0002"
down_revision = "0001"

CONCERN_LIST = """
    CREATE TABLE concern_list (
        id uuid PRIMARY KEY,
        version integer NOT NULL,
        lea text NOT NULL,
        school text NOT NULL,
        text text NOT NULL,
        severity_guess text,
        observed_at timestamptz,
        recorded_at timestamptz NOT NULL,
        recorded_by jsonb NOT NULL
    )
"""


def upgrade() -> None:
    op.execute(CONCERN_LIST)
    op.execute("CREATE INDEX concern_list_lea_idx ON concern_list (lea, recorded_at DESC, id DESC)")
    op.execute("CREATE INDEX concern_list_school_idx ON concern_list (school, recorded_at DESC, id DESC)")


def downgrade() -> None:
    op.execute("DROP TABLE concern_list")
