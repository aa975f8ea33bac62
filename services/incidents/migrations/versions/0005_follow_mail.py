"""What became of the mails about each case, as the notifications service tells it."""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE case_mail (
            notification_id uuid PRIMARY KEY,
            incident_id uuid NOT NULL,
            kind text NOT NULL,
            status text NOT NULL,
            at timestamptz NOT NULL,
            sequence bigint NOT NULL
        )
        """
    )
    op.execute("CREATE INDEX case_mail_incident_idx ON case_mail (incident_id, at)")


def downgrade() -> None:
    op.execute("DROP TABLE case_mail")
