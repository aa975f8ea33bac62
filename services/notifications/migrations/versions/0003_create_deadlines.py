"""The deadline ledger."""

from alembic import op

from shared.deadlines import table

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    table.create(op)


def downgrade() -> None:
    table.drop(op)
