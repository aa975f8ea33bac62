"""The testing windows, as this service learns of them (HR-20)."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.execute(
        "CREATE TABLE testing_windows ("
        " cds text NOT NULL,"
        " administration_year text NOT NULL,"
        " opens_on date NOT NULL,"
        " closes_on date NOT NULL,"
        " version integer NOT NULL,"
        " PRIMARY KEY (cds, administration_year))"
    )


def downgrade() -> None:
    op.execute("DROP TABLE testing_windows")
