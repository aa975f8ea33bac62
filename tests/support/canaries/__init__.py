"""Canaries: SSIDs that nobody has, put wherever a caller can put something, and looked for everywhere."""
