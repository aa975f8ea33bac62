"""The role of the service appends by the function alone, and sees of a list what its caller sees."""

from alembic import op

from shared.persistence import wall

revision = "0007"
down_revision = "0006"

APPEND = f"appeals_events_append({wall.APPEND})"
LISTS = ("appeal_list", "deadlines")


def upgrade() -> None:
    wall.run_as_owner(op, APPEND)
    for table in LISTS:
        wall.show_by_caller(op, table)


def downgrade() -> None:
    for table in LISTS:
        wall.show_all(op, table)
    wall.run_as_caller(op, APPEND)
