"""The use cases: write messages, send those that are due, record the outcome, keep the directory."""
