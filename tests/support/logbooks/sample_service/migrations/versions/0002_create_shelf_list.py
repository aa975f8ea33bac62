"""A read model, with a wait that lets a second migrator come in between."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute("SELECT pg_sleep(0.2)")
    op.execute("CREATE TABLE shelf_list (id uuid PRIMARY KEY)")


def downgrade() -> None:
    op.execute("DROP TABLE shelf_list")
