"""``stairs backup`` and ``stairs restore``: one file with all that cannot be made again (ADR 0021)."""
