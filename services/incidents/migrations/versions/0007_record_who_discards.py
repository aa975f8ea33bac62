"""A discarded dead letter says who discarded it."""

from alembic import op

from shared.persistence import plumbing

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    plumbing.record_who_discards(op)


def downgrade() -> None:
    op.execute("ALTER TABLE dead_letters DROP COLUMN discarded_by")
