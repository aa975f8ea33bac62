"""What the three APIs have in common: problems, callers, preconditions, idempotency."""
