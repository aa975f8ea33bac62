"""The tables of the read side (SQLAlchemy Core); made by ``migrations``."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

metadata = sa.MetaData()

message_list = sa.Table(
    "message_list",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("incident_id", sa.Uuid, nullable=False),
    sa.Column("case_number", sa.Text),
    sa.Column("lea", sa.Text, nullable=False),
    sa.Column("school", sa.Text, nullable=False),
    sa.Column("recipients", pg.JSONB, nullable=False),
    sa.Column("addresses", pg.ARRAY(sa.Text), nullable=False),  # of the recipients, in lower case
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("body_text", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("retry_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("created_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("delivered_at", sa.TIMESTAMP(timezone=True)),
)

mail_shares = sa.Table(  # made by migration 0005
    "mail_shares",
    metadata,
    sa.Column("lea", sa.Text, primary_key=True),
    sa.Column("free_at", sa.TIMESTAMP(timezone=True), nullable=False),  # nothing of it is in use any more
)

outgoing = sa.Table(
    "outgoing",
    metadata,
    sa.Column("notification_id", sa.Uuid, primary_key=True),
    sa.Column("due_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("since", sa.TIMESTAMP(timezone=True), nullable=False),  # first due
    sa.Column("leased_until", sa.TIMESTAMP(timezone=True)),
)
