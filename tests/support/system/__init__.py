"""The whole system, started by the console or by Compose, and what clients do with it."""
