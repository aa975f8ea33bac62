"""Events, receipts, read models and their positions in PostgreSQL."""
