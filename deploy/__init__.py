"""How STAIRS is put to run: one machine, containers, topics, demo data."""
