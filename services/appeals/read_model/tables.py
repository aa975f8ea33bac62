"""The tables beside the events (SQLAlchemy Core); made by ``migrations``."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql as pg

metadata = sa.MetaData()

appeal_list = sa.Table(
    "appeal_list",
    metadata,
    sa.Column("id", sa.Uuid, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("appeal_number", sa.Text, nullable=False),
    sa.Column("incident_id", sa.Uuid, nullable=False),
    sa.Column("case_number", sa.Text, nullable=False),
    sa.Column("administration_year", sa.Text, nullable=False),
    sa.Column("appeal_type", sa.Text, nullable=False),
    sa.Column("student_ref", sa.Text, nullable=False),
    sa.Column("test", sa.Text, nullable=False),
    sa.Column("incident_type", sa.Text, nullable=False),
    sa.Column("lea", sa.Text, nullable=False),
    sa.Column("school", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("decider", sa.Text, nullable=False),
    sa.Column("routing", sa.Text, nullable=False),
    sa.Column("clock", sa.Text, nullable=False),
    sa.Column("received_at", sa.TIMESTAMP(timezone=True), nullable=False),
    sa.Column("decide_by", sa.TIMESTAMP(timezone=True)),
    sa.Column("due", sa.TIMESTAMP(timezone=True), nullable=False),  # decide_by, or the end of time
    sa.Column("event_state", sa.Text),
    sa.Column("minutes_paused", sa.Integer),
    sa.Column("part", sa.Text),
    sa.Column("filed_by", pg.JSONB, nullable=False),
    sa.Column("decided_by", pg.JSONB),
    sa.Column("decided_at", sa.TIMESTAMP(timezone=True)),
    sa.Column("reason", sa.Text),
    sa.Column("comments", sa.Text),
    sa.Column("decision_comments", sa.Text),
    sa.Column("effect", sa.Text),
    sa.Column("reopened_until", sa.Date),
    sa.Column("failure", sa.Text),
)

known_cases = sa.Table(
    "known_cases",
    metadata,
    sa.Column("case_number", sa.Text, primary_key=True),
    sa.Column("incident_id", sa.Uuid, nullable=False),
    sa.Column("administration_year", sa.Text, nullable=False),
    sa.Column("incident_type", sa.Text, nullable=False),
    sa.Column("appeal_types", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("lea", sa.Text, nullable=False),
    sa.Column("school", sa.Text, nullable=False),
    sa.Column("test", sa.Text, nullable=False),
    sa.Column("delivery_mode", sa.Text, nullable=False),
    sa.Column("student_refs", pg.ARRAY(sa.Text), nullable=False),
    sa.Column("submitted_by", pg.JSONB, nullable=False),
    sa.Column("disruption_cause", sa.Text),
    sa.Column("appealed_at", sa.TIMESTAMP(timezone=True)),  # the first appeal under it (migration 0004)
)

testing_windows = sa.Table(
    "testing_windows",
    metadata,
    sa.Column("cds", sa.Text, primary_key=True),
    sa.Column("administration_year", sa.Text, primary_key=True),
    sa.Column("opens_on", sa.Date, nullable=False),
    sa.Column("closes_on", sa.Date, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),  # of the window: what was said last counts
)

filing_protocols = sa.Table(
    "filing_protocols",
    metadata,
    sa.Column("lea", sa.Text, primary_key=True),
    sa.Column("filing_protocol", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),  # of the choice: what was said last counts
)

appeal_numbers = sa.Table(  # the last number given out under each case
    "appeal_numbers",
    metadata,
    sa.Column("case_number", sa.Text, primary_key=True),
    sa.Column("last", sa.Integer, nullable=False),
)
