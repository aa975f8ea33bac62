"""The deadline ledger."""

from alembic import op

from shared.deadlines import table

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    table.create(op)


def downgrade() -> None:
    table.drop(op)
