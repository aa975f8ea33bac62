"""The table behind ``GET /v1/incidents`` (made by migration 0001, folded by ``case_list``)."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

METADATA = sa.MetaData()
_INSTANT = sa.DateTime(timezone=True)

CASE_LIST = sa.Table(
    "case_list",
    METADATA,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("sub_status", sa.Text),
    sa.Column("case_number", sa.Text),
    sa.Column("administration_year", sa.Text),
    sa.Column("incident_type", sa.Text, nullable=False),
    sa.Column("incident_title", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("recommended_action", sa.Text, nullable=False),
    sa.Column("pre_action", sa.Text),
    sa.Column("appeal_types", ARRAY(sa.Text), nullable=False),
    sa.Column("cde_copy", sa.Boolean, nullable=False),
    sa.Column("lea", sa.Text, nullable=False),
    sa.Column("school", sa.Text, nullable=False),
    sa.Column("grade", sa.Text),
    sa.Column("test", sa.Text),
    sa.Column("delivery_mode", sa.Text),
    sa.Column("student_count", sa.Integer),
    sa.Column("student_refs", ARRAY(sa.Text), nullable=False),
    sa.Column("occurred_at", _INSTANT),
    sa.Column("discovered_at", _INSTANT),
    sa.Column("report_due_at", _INSTANT),
    sa.Column("late", sa.Boolean, nullable=False),
    sa.Column("drafted_at", _INSTANT, nullable=False),
    sa.Column("drafted_by", sa.Text),  # the ``sub`` of the token (migration 0009)
    sa.Column("submitted_at", _INSTANT),
    sa.Column("submitted_by", JSONB),
    sa.Column("corrects", sa.Text),  # a case number (migration 0003)
    sa.Column("appeals", JSONB, nullable=False),  # what is known of each appeal, by its id
)

CONCERN_LIST = sa.Table(  # behind ``GET /v1/concerns`` (made by migration 0002, folded by ``concern_list``)
    "concern_list",
    METADATA,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("lea", sa.Text, nullable=False),
    sa.Column("school", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("severity_guess", sa.Text),
    sa.Column("observed_at", _INSTANT),
    sa.Column("recorded_at", _INSTANT, nullable=False),
    sa.Column("recorded_by", JSONB, nullable=False),
)

CASE_MAIL = sa.Table(  # mails about each case (made by migration 0005, kept by ``case_mail``)
    "case_mail",
    METADATA,
    sa.Column("notification_id", sa.Uuid, primary_key=True),
    sa.Column("incident_id", sa.Uuid, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("at", _INSTANT, nullable=False),
    sa.Column("sequence", sa.BigInteger, nullable=False),  # of the newest event in its producer's store
)
