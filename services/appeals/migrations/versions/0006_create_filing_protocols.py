"""Which LEAs let their sites file, as this service learns of it (§3.3 note 1)."""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE filing_protocols ("
        " lea text PRIMARY KEY,"
        " filing_protocol text NOT NULL,"
        " version integer NOT NULL)"
    )


def downgrade() -> None:
    op.execute("DROP TABLE filing_protocols")
