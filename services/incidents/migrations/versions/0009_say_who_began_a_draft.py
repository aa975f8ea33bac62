"""Who began each case, so that the open drafts of a caller and of an LEA can be counted."""

from alembic import op

revision = "0009"
down_revision = "0008"

OF_BEFORE = """
    UPDATE case_list SET drafted_by = convert_from(e.state, 'UTF8')::jsonb #>> '{actor,sub}'
    FROM incidents_events e
    WHERE e.originator_id = case_list.id AND e.originator_version = 1
"""


def upgrade() -> None:
    op.execute("ALTER TABLE case_list ADD COLUMN drafted_by text")
    op.execute(OF_BEFORE)
    op.execute("CREATE INDEX case_list_drafts_idx ON case_list (drafted_by) WHERE status = 'draft'")
    op.execute("CREATE INDEX case_list_drafts_of_lea_idx ON case_list (lea) WHERE status = 'draft'")


def downgrade() -> None:
    op.execute("ALTER TABLE case_list DROP COLUMN drafted_by")
    op.execute("DROP INDEX IF EXISTS case_list_drafts_of_lea_idx")
