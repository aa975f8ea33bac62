"""The deadline ledger, and which cases have an appeal."""

from alembic import op

from shared.deadlines import table

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    table.create(op)
    op.execute("ALTER TABLE known_cases ADD COLUMN appealed_at timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE known_cases DROP COLUMN appealed_at")
    table.drop(op)
