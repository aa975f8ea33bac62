"""The event table and what stands beside it; the list of messages; the queue of those to be sent."""

from alembic import op

from shared.persistence import plumbing

revision = "0001"
down_revision = None


def upgrade() -> None:
    plumbing.create(op, "notifications_events")
    op.execute(
        """
        CREATE TABLE message_list (
            id uuid PRIMARY KEY,
            version integer NOT NULL,
            kind text NOT NULL,
            status text NOT NULL,
            incident_id uuid NOT NULL,
            case_number text,
            lea text NOT NULL,
            school text NOT NULL,
            recipients jsonb NOT NULL,
            addresses text[] NOT NULL,
            subject text NOT NULL,
            body_text text NOT NULL,
            message_id text NOT NULL,
            attempts integer NOT NULL,
            reason text,
            retry_at timestamptz,
            created_at timestamptz NOT NULL,
            delivered_at timestamptz
        )
        """
    )
    op.execute("CREATE INDEX message_list_newest_idx ON message_list (created_at DESC, id DESC)")
    op.execute("CREATE INDEX message_list_lea_idx ON message_list (lea, created_at DESC, id DESC)")
    op.execute("CREATE INDEX message_list_school_idx ON message_list (school, created_at DESC, id DESC)")
    op.execute("CREATE INDEX message_list_case_number_idx ON message_list (case_number)")
    op.execute("CREATE INDEX message_list_addresses_idx ON message_list USING gin (addresses)")
    op.execute(
        """
        CREATE TABLE outgoing (
            notification_id uuid PRIMARY KEY,
            due_at timestamptz NOT NULL,
            since timestamptz NOT NULL,
            leased_until timestamptz
        )
        """
    )
    op.execute("CREATE INDEX outgoing_due_at_idx ON outgoing (due_at, notification_id)")


def downgrade() -> None:
    op.execute("DROP TABLE outgoing, message_list")
    plumbing.drop(op, "notifications_events")
