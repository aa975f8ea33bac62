"""The event table and what stands beside it."""

from alembic import op

from shared.persistence import plumbing

revision = "0001"
down_revision = None


def upgrade() -> None:
    plumbing.create(op, "logbooks_events")


def downgrade() -> None:
    plumbing.drop(op, "logbooks_events")
