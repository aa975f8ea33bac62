"""Which case a case corrects."""

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.execute("ALTER TABLE case_list ADD COLUMN corrects text")
    op.execute("CREATE INDEX case_list_corrects_idx ON case_list (corrects) WHERE corrects IS NOT NULL")


def downgrade() -> None:
    op.execute("ALTER TABLE case_list DROP COLUMN corrects")
