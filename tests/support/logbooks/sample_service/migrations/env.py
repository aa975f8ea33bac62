"""Alembic's doorway; what it does is in shared.persistence.migrations."""

from shared.persistence.migrations import run_in_context

run_in_context()
