"""How much mail each LEA has caused of late."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute("CREATE TABLE mail_shares (lea text PRIMARY KEY, free_at timestamptz NOT NULL)")


def downgrade() -> None:
    op.execute("DROP TABLE mail_shares")
