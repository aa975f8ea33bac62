"""The providers' tables, as SQLAlchemy sees them (made by migration 0001)."""

from __future__ import annotations

import sqlalchemy as sa

METADATA = sa.MetaData()

STUDENT_KEYS = sa.Table(  # one random key per student, wrapped by the key-encryption key
    "student_keys",
    METADATA,
    sa.Column("student_ref", sa.Text, primary_key=True),
    sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
    sa.Column("created_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
)

CASE_NUMBERS = sa.Table(  # the last number issued, by administration year
    "case_numbers",
    METADATA,
    sa.Column("year", sa.Text, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)
