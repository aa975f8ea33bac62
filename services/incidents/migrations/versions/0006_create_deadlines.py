"""The deadline ledger."""

from alembic import op

from shared.deadlines import table

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    table.create(op)


def downgrade() -> None:
    table.drop(op)
