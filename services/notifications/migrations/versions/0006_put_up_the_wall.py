"""The role of the service appends by the function alone, and sees of a list what its caller sees."""

from alembic import op

from shared.persistence import wall

revision = "0006"
down_revision = "0005"

APPEND = f"notifications_events_append({wall.APPEND})"
LISTS = ("message_list", "deadlines")

# The operator of arrays may answer before the policy only inside a function of the owner's, where there is
# none; whoever asks by an address sees of these messages what the policy shows.
WRITTEN_TO = """
    CREATE FUNCTION messages_to(address text) RETURNS SETOF uuid LANGUAGE sql STABLE AS $body$
        SELECT id FROM message_list WHERE addresses @> ARRAY[address]
    $body$
"""


def upgrade() -> None:
    op.execute(WRITTEN_TO)
    wall.run_as_owner(op, "messages_to(text)")
    wall.run_as_owner(op, APPEND)
    for table in LISTS:
        wall.show_by_caller(op, table)


def downgrade() -> None:
    for table in LISTS:
        wall.show_all(op, table)
    wall.run_as_caller(op, APPEND)
    op.execute("DROP FUNCTION messages_to")
