"""A dead letter can be discarded, with a reason."""

from alembic import op

from shared.persistence import plumbing

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    plumbing.let_dead_letters_be_discarded(op)


def downgrade() -> None:
    op.execute("ALTER TABLE dead_letters DROP COLUMN discarded_at, DROP COLUMN discard_reason")
    op.execute(
        "CREATE INDEX dead_letters_waiting_idx ON dead_letters (consumer, id) WHERE replayed_at IS NULL"
    )
