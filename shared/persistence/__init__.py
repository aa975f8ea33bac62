"""The event store and all else in PostgreSQL: appender, tail, units of work, read models, migrations."""
